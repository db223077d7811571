/**
 * Operations prepared for judgement: range reads are point reads of every key of the history that they cover.
 *
 * Invariants:
 * - Failed operations are gone. What is left is `ok` or `unknown`, and an unknown one has at least one write.
 * - `returned` of an unknown operation is infinite: nothing is known to come after it.
 */
import { ClorthoError } from '@clortho/base';
import type { HistoryOperation, HistoryRange, HistoryRead, HistoryValue } from './history-operation.ts';
import type { Finding } from './verdict.ts';

/** See the module. */
export interface PreparedOperation {
  /** Its place in the history. */
  readonly index: number;
  readonly source: HistoryOperation;
  readonly invoked: number;
  readonly returned: number;
  readonly isKnown: boolean;
  readonly reads: readonly HistoryRead[];
  /** The last write per key. */
  readonly writes: ReadonlyMap<string, HistoryValue>;
}

/** A history prepared, or what is wrong with it at first sight. */
export interface PreparedHistory {
  readonly operations: readonly PreparedOperation[];
  readonly finding?: Finding | undefined;
}

/**
 * Prepares a history.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if an operation contradicts itself; see {@link checkHistory}.
 */
export function prepareHistory(history: readonly HistoryOperation[]): PreparedHistory {
  for (const [index, operation] of history.entries()) checkOperation(operation, index);
  const universe = [...keysOf(history)].sort();
  const operations: PreparedOperation[] = [];
  let finding: Finding | undefined;
  for (const [index, source] of history.entries()) {
    const { outcome, ranges = [], writes = [] } = source;
    const isKnown = outcome === 'ok';
    if (outcome === 'failed' || (!isKnown && writes.length === 0)) continue;
    for (const range of isKnown ? ranges : []) finding ??= malformed(range, source);
    operations.push({
      index,
      source,
      invoked: source.invoked,
      returned: isKnown ? (source.returned as number) : Number.POSITIVE_INFINITY,
      isKnown,
      reads: [...(source.reads ?? []), ...ranges.flatMap((range) => readsOf(range, universe))],
      writes: new Map(writes.map(({ key, value }) => [key, value])),
    });
  }
  finding ??= impossibleRead(history, operations);
  return { operations, finding };
}

/** Tells whether a read is satisfied by a version; `timestamp` is that of the version, if it is known. */
export function matches(read: HistoryRead, value: HistoryValue, timestamp: number | undefined): boolean {
  if (read.timestamp === undefined) return read.value === value;
  if (read.timestamp !== timestamp) return false;
  return read.value === undefined ? value !== undefined : read.value === value;
}

/** Returns a text that is equal for equal keys and values only. */
export function placeOf(key: string, value: HistoryValue): string {
  return `${key.length}:${key}${value === undefined ? '' : `=${value}`}`;
}

function checkOperation(operation: HistoryOperation, index: number): void {
  const { outcome, invoked, returned, timestamp, asOf, stalenessMax } = operation;
  const refuse = (problem: string): never => {
    throw new ClorthoError('CLORTHO_INVALID', `${problem}: operation=${index}`);
  };
  if (Number.isNaN(invoked)) refuse('an operation has no time of invocation');
  if (outcome !== 'unknown' && !(returned !== undefined && returned >= invoked)) {
    refuse('an operation returns at or after its invocation');
  }
  if (timestamp !== undefined && !Number.isSafeInteger(timestamp)) refuse('a timestamp is a safe integer');
  if (stalenessMax !== undefined && !(stalenessMax >= 0)) refuse('staleness is at least 0');
  const isWrite = (operation.writes ?? []).length > 0;
  if (isWrite && (asOf !== undefined || stalenessMax !== undefined)) refuse('only a read is old');
  if (asOf !== undefined && stalenessMax !== undefined) refuse('a read of the past is never stale');
}

function keysOf(history: readonly HistoryOperation[]): Set<string> {
  const keys = new Set<string>();
  for (const { reads = [], ranges = [], writes = [] } of history) {
    for (const { key } of reads) keys.add(key);
    for (const { rows } of ranges) for (const { key } of rows) keys.add(key);
    for (const { key } of writes) keys.add(key);
  }
  return keys;
}

function readsOf(
  { start, end, reverse, limit, rows }: HistoryRange,
  universe: readonly string[],
): HistoryRead[] {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  // A read that hit its limit says nothing of what lies behind its last row.
  const last = limit === undefined || rows.length < limit ? undefined : rows.at(-1)?.key;
  if (limit === 0) return [];
  const isCovered = (key: string): boolean =>
    (start === undefined || key >= start) &&
    (end === undefined || key < end) &&
    (last === undefined || (reverse ? key >= last : key <= last));
  return universe.filter(isCovered).map((key) => byKey.get(key) ?? { key });
}

function malformed(range: HistoryRange, source: HistoryOperation): Finding | undefined {
  const { start, end, reverse, limit, rows } = range;
  const problem = rows
    .map(({ key }, index) => {
      const before = rows[index - 1]?.key;
      if ((start !== undefined && key < start) || (end !== undefined && key >= end))
        return 'lies outside the range';
      if (before !== undefined && (reverse ? key >= before : key <= before)) return 'is out of order';
      return limit !== undefined && index >= limit ? 'is beyond the limit' : undefined;
    })
    .map((fault, index) => fault && `row ${index} ${fault}`)
    .find((fault) => fault !== undefined);
  return problem === undefined ? undefined : { kind: 'malformed-range', text: problem, operations: [source] };
}

/** Finds a read of a value that no write can have brought there, whatever the order. */
function impossibleRead(
  history: readonly HistoryOperation[],
  operations: readonly PreparedOperation[],
): Finding | undefined {
  const writers = new Map<string, HistoryOperation[]>();
  for (const operation of history) {
    for (const { key, value } of operation.writes ?? []) {
      const place = placeOf(key, value);
      const others = writers.get(place);
      if (others === undefined) writers.set(place, [operation]);
      else others.push(operation);
    }
  }
  for (const { source, returned, isKnown, reads } of operations) {
    for (const { key, value } of isKnown ? reads : []) {
      if (value === undefined) continue;
      const all = writers.get(placeOf(key, value)) ?? [];
      const able = all.filter(({ outcome }) => outcome !== 'failed');
      const [first] = able;
      if (all.length === 0) {
        return { kind: 'unwritten-value', text: `nobody wrote ${key}=${value}`, operations: [source] };
      }
      if (first === undefined) {
        const text = `${key}=${value} was read, but its write failed`;
        return { kind: 'failed-write', text, operations: [...all, source] };
      }
      if (able.every(({ invoked }) => invoked > returned)) {
        const text = `${key}=${value} was read before it was written`;
        return { kind: 'future-read', text, operations: [source, first] };
      }
    }
  }
  return undefined;
}
