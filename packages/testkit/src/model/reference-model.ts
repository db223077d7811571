/**
 * The reference model: what a timestamp-aware store must answer, as a list of commits and a replay.
 *
 * It is naive on purpose: no files, no compaction, no indexes. A store under test is right when it cannot be
 * told apart from this model.
 *
 * Invariants:
 * - On a shard, commit timestamps strictly increase.
 * - A read as of t sees, per key, the version with the greatest timestamp <= t, unless it is a delete or has
 *   expired at t; an expired version hides older ones as a delete does.
 * - A read of the latest sees every commit. Expiry is then judged at the clock, or, with external time, at the
 *   last commit of the key's shard.
 * - No read answers below the horizon; reads at the horizon and later never change when it moves.
 */
import { ClorthoError } from '@clortho/base';
import { commitLog } from './commit-log.ts';
import { checkRange, isInRange, type ModelRange } from './key-range.ts';
import { FAMILY_DEFAULT, type ModelCommit, type ModelOperation } from './operation.ts';
import { type ModelFamily, type ModelVersion, visibleValue } from './timeline.ts';

/** What a model stands for. */
export interface ReferenceModelOptions {
  /** The families by name; `default` always exists. */
  readonly families?: Readonly<Record<string, ModelFamily>> | undefined;
  /** The keys that begin the second and further shards, ascending; one shard by default. */
  readonly splits?: readonly Uint8Array[] | undefined;
  /** The clock of a store with clock time, in microseconds. Absent: the store has external time. */
  readonly now?: (() => number) | undefined;
}

/** A row of a scan. */
export interface ModelRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** When the version was committed. */
  readonly timestamp: number;
}

/** A range and how to walk it. */
export interface ModelScan extends ModelRange {
  readonly reverse?: boolean | undefined;
  readonly limit?: number | undefined;
}

/** A version as a history lists it. */
export type ModelHistoryEntry =
  | { readonly timestamp: number; readonly kind: 'put'; readonly value: Uint8Array }
  | { readonly timestamp: number; readonly kind: 'del'; readonly value: undefined };

/** The state at the moment a snapshot was taken. Truncation does not reach it. */
export interface ModelSnapshot {
  /** Returns the value of `key`, or `undefined`. */
  get(family: string, key: Uint8Array): Uint8Array | undefined;
  /** Returns the rows of a scan. @throws {ClorthoError} `CLORTHO_INVALID` if the range makes no sense. */
  scan(family: string, scan: ModelScan): ModelRow[];
}

/** See {@link referenceModel}. Returned bytes are the ones that were written: not to be changed. */
export interface ReferenceModel {
  /** The greatest commit timestamp; 0 before the first commit. */
  readonly lastTimestamp: number;
  /** The time below which families of kind `kv` cannot be read; 0 at first. */
  readonly horizon: number;
  /** The names of the families. */
  readonly families: readonly string[];
  /** Every commit, in order. */
  readonly commits: readonly ModelCommit[];
  /** Returns every key ever put or merged in the family, ascending. */
  keys(family: string): Uint8Array[];
  /**
   * Commits a batch at `timestamp`.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the batch is empty, a range is inverted, a family is unknown or
   *   lacks a merge operator; `CLORTHO_CONFLICT` if the timestamp is not above the last commit of a shard that
   *   the batch touches. Nothing was applied then.
   */
  apply(timestamp: number, operations: readonly ModelOperation[]): void;
  /**
   * Returns the value of `key` as of a time, or of the latest.
   *
   * @throws {ClorthoError} `CLORTHO_HISTORY_TRUNCATED` below the horizon; `CLORTHO_INVALID` if the time lies in
   *   the future.
   */
  get(family: string, key: Uint8Array, asOf?: number): Uint8Array | undefined;
  /**
   * Returns the rows of a scan as of a time, or of the latest.
   *
   * @throws {ClorthoError} as {@link ReferenceModel.get}; `CLORTHO_INVALID` if the range makes no sense.
   */
  scan(family: string, scan: ModelScan, asOf?: number): ModelRow[];
  /**
   * Returns the versions of `key`, newest first: those committed in `[from, to)`, then the value alive at `from`
   * if it began earlier. `from` is the horizon by default. A delete at the very horizon is not listed: what it
   * ended is gone.
   *
   * @throws {ClorthoError} `CLORTHO_HISTORY_TRUNCATED` if `from` is below the horizon.
   */
  history(family: string, key: Uint8Array, from?: number, to?: number): ModelHistoryEntry[];
  /** Returns the present state, to be read later. */
  snapshot(): ModelSnapshot;
  /**
   * Moves the horizon up to `timestamp`; it never moves down.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the time lies in the future.
   */
  truncate(timestamp: number): void;
  /** Splits the shard of `key` there, unless a shard begins with it: later commits to its parts are apart. */
  split(key: Uint8Array): void;
}

/** Which versions a read sees, and the time at which it judges expiry. */
interface View {
  readonly sees: (version: ModelVersion) => boolean;
  readonly judgedAt: (key: Uint8Array) => number;
}

/** Returns an empty model. */
export function referenceModel(options: ReferenceModelOptions = {}): ReferenceModel {
  const families = new Map<string, ModelFamily>([
    [FAMILY_DEFAULT, {}],
    ...Object.entries(options.families ?? {}),
  ]);
  const log = commitLog(families, options.splits ?? []);
  let horizon = 0;

  const lastTimestamp = (): number => Math.max(...log.uppers);
  const horizonOf = (name: string): number => (log.familyOf(name).kind === 'log' ? 0 : horizon);
  const requirePast = (time: number): void => {
    if (time <= Math.max(lastTimestamp(), options.now?.() ?? 0)) return;
    throw new ClorthoError('CLORTHO_INVALID', `the time lies in the future: time=${time}`);
  };
  const requireHistory = (name: string, time: number): void => {
    if (time >= horizonOf(name)) return;
    throw new ClorthoError(
      'CLORTHO_HISTORY_TRUNCATED',
      `the history is gone: time=${time} horizon=${horizon}`,
    );
  };

  const latestView = (): View => {
    const count = log.commits.length;
    const now = options.now?.() ?? 0;
    const upperOf = log.uppersByKey();
    return {
      sees: (version) => version.commit < count,
      // Commits that came in one microsecond got later ones: time has come at least that far on their shard.
      judgedAt: (key) => Math.max(now, upperOf(key)),
    };
  };
  const viewAt = (name: string, asOf: number | undefined): View => {
    if (asOf === undefined) return latestView();
    requirePast(asOf);
    requireHistory(name, asOf);
    return { sees: (version) => version.timestamp <= asOf, judgedAt: () => asOf };
  };

  const rowIn = (view: View, name: string, key: Uint8Array): ModelRow | undefined => {
    const version = log.versionsOf(name, key).findLast(view.sees);
    const value = visibleValue(version, log.familyOf(name), view.judgedAt(key));
    return version === undefined || value === undefined
      ? undefined
      : { key, value, timestamp: version.timestamp };
  };
  const rowsIn = (view: View, name: string, scan: ModelScan): ModelRow[] => {
    const keys = log.keysOf(name).filter((key) => isInRange(key, scan));
    const rows = keys.map((key) => rowIn(view, name, key)).filter((row) => row !== undefined);
    return (scan.reverse ? rows.reverse() : rows).slice(0, scan.limit);
  };

  return {
    get lastTimestamp() {
      return lastTimestamp();
    },
    get horizon() {
      return horizon;
    },
    families: [...families.keys()],
    commits: log.commits,
    keys: (family) => log.keysOf(family),
    apply: (timestamp, operations) => log.append(timestamp, operations),
    get: (family, key, asOf) => rowIn(viewAt(family, asOf), family, key)?.value,
    scan(family, scan, asOf) {
      checkRange(scan);
      return rowsIn(viewAt(family, asOf), family, scan);
    },
    history(name, key, from = horizonOf(name), to = Number.POSITIVE_INFINITY) {
      requireHistory(name, from);
      if (from >= to) return [];
      const versions = log.versionsOf(name, key);
      const isListed = ({ timestamp, kind }: ModelVersion): boolean =>
        timestamp >= from && timestamp < to && (kind === 'put' || timestamp > horizonOf(name));
      const listed = versions.filter(isListed);
      const older = versions.findLast(({ timestamp }) => timestamp <= from);
      const isAlive = visibleValue(older, log.familyOf(name), from) !== undefined;
      if (older !== undefined && older.timestamp < from && isAlive) listed.unshift(older);
      return listed.reverse().map(entryOf);
    },
    snapshot() {
      const view = latestView();
      return {
        get: (family, key) => rowIn(view, family, key)?.value,
        scan(family, scan) {
          checkRange(scan);
          return rowsIn(view, family, scan);
        },
      };
    },
    truncate(timestamp) {
      requirePast(timestamp);
      horizon = Math.max(horizon, timestamp);
    },
    split: (key) => log.split(key),
  };
}

function entryOf(version: ModelVersion): ModelHistoryEntry {
  const { timestamp } = version;
  return version.kind === 'put'
    ? { timestamp, kind: 'put', value: version.value }
    : { timestamp, kind: 'del', value: undefined };
}
