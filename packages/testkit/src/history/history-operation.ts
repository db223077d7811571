/**
 * Operations as clients saw them: what {@link checkHistory} judges, as plain data.
 *
 * Keys and values are strings, one character per byte if they stand for bytes: ranges compare them by code unit.
 * Give every write values of its own. Equal values are allowed, but a read of one then says less.
 */

/** A value; `undefined` where a key is absent. */
export type HistoryValue = string | undefined;

/** What a point read returned, or what a conditional write required. */
export interface HistoryRead {
  readonly key: string;
  /** Absent keys read as `undefined`. */
  readonly value?: HistoryValue;
  /**
   * The commit timestamp of the version, where the store tells it. Without a `value`, any version of this timestamp
   * will do: what `ifVersion` requires.
   */
  readonly timestamp?: number | undefined;
}

/** What a range read of `[start, end)` returned. It tells of absent keys too, as far as its limit let it look. */
export interface HistoryRange {
  /** From the first key on by default. */
  readonly start?: string | undefined;
  /** To the last key by default. */
  readonly end?: string | undefined;
  readonly reverse?: boolean | undefined;
  readonly limit?: number | undefined;
  /** In the order in which they came. */
  readonly rows: readonly HistoryRead[];
}

/** A put, or with the value `undefined` a delete. */
export interface HistoryWrite {
  readonly key: string;
  readonly value: HistoryValue;
}

/**
 * One call of one client: a read, a batch of writes, or a transaction that reads and writes in one step. A
 * conditional put is a transaction whose read is its condition.
 */
export interface HistoryOperation {
  /** Names the client, for session guarantees and messages. */
  readonly process: string;
  /**
   * When the call was made and when it returned, in any unit. An operation precedes another if it returned
   * before the other was invoked; at equal times they are concurrent.
   */
  readonly invoked: number;
  /** Not needed where the outcome is unknown. */
  readonly returned?: number | undefined;
  /**
   * `ok`: took effect, once, between invocation and return. `failed`: never takes effect, and its reads mean
   * nothing. `unknown`: takes effect as a whole, at any time after its invocation, or never.
   */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly reads?: readonly HistoryRead[] | undefined;
  readonly ranges?: readonly HistoryRange[] | undefined;
  /** All of one moment. A later write to the same key wins. */
  readonly writes?: readonly HistoryWrite[] | undefined;
  /** The commit timestamp, an integer, where the store tells it; also of an unknown write that was found later. */
  readonly timestamp?: number | undefined;
  /** The time of a read of the past: it sees, per key, the version with the greatest timestamp at or below it. */
  readonly asOf?: number | undefined;
  /**
   * How much older than its invocation the state may be that a read sees; 0 by default: a linearizable read. A read
   * with more sees a cut through all shards with no batch half done, never older than earlier reads and writes of
   * its own process; two such reads may disagree on the order of concurrent commits on different shards.
   */
  readonly stalenessMax?: number | undefined;
}

/** Returns an operation as text: `#3 p 10..12 put a=1 del b @40`. `index` is its place in the history. */
export function operationText(operation: HistoryOperation, index: number): string {
  const { process, invoked, returned, outcome, timestamp, asOf, stalenessMax } = operation;
  return [
    `#${index} ${process} ${invoked}..${outcome === 'unknown' ? '?' : returned}`,
    ...(operation.reads ?? []).map((read) => `read ${readText(read)}`),
    ...(operation.ranges ?? []).map(rangeText),
    ...(operation.writes ?? []).map(({ key, value }) =>
      value === undefined ? `del ${key}` : `put ${key}=${value}`,
    ),
    ...(timestamp === undefined ? [] : [`@${timestamp}`]),
    ...(asOf === undefined ? [] : [`as of ${asOf}`]),
    ...(stalenessMax === undefined ? [] : [`at most ${stalenessMax} old`]),
    ...(outcome === 'ok' ? [] : [outcome]),
  ].join(' ');
}

function readText({ key, value, timestamp }: HistoryRead): string {
  const at = timestamp === undefined ? '' : `@${timestamp}`;
  return `${key}${at}${value === undefined && at !== '' ? '' : `=${value ?? 'absent'}`}`;
}

function rangeText({ start = '', end = '', reverse, limit, rows }: HistoryRange): string {
  const how = `${reverse ? ' reverse' : ''}${limit === undefined ? '' : ` limit ${limit}`}`;
  return `scan [${start}, ${end})${how}: ${rows.map(readText).join(' ')};`;
}
