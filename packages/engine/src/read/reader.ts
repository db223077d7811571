/**
 * Reads of one view: points, scans and histories, for the store and for snapshots alike.
 *
 * Invariants:
 * - One call sees one cut across shards.
 * - A read that loses a file to garbage collection starts over on a newer view, a scan where it left off and at
 *   the same times; a file that is missing although it is live is `CLORTHO_CORRUPT`.
 */
import { type Clock, copyBytes, type KeyInterval, throwIfAborted } from '@clortho/base';
import type { Resolved } from '@clortho/compaction';
import {
  allFiles,
  horizonOf,
  NO_FILES,
  type ShardState,
  settledTimestamp,
  shardPosition,
} from '@clortho/manifest';
import { NEVER } from '@clortho/sst';
import type { Bytes, HistoryEntry, HistoryOptions, ReadOptions, ScanOptions } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { keyBytes } from '../input/bytes.ts';
import { keyIntervalOf } from '../input/range.ts';
import { startTimestampOf, timestampOf } from '../input/time.ts';
import type { TimeMode } from '../options.ts';
import { Pace } from '../pace.ts';
import type { StoreView } from '../view/store-view.ts';
import { VanishedFile } from '../view/stored-files.ts';
import type { Tables } from '../view/tables.ts';
import type { KnownRows } from './known-rows.ts';
import { Lookup, type LookupTarget } from './lookup.ts';
import { RangeScan, type RangeScanOptions, RESTARTS_MAX, type ScanStart } from './range-scan.ts';
import { readHistory } from './read-history.ts';
import type { ReadTime } from './read-time.ts';
import { NOT_RESIDENT, peekLookup, runLookup, type UseFound } from './run-lookup.ts';
import { Scan, type ScanObserver } from './scan.ts';
import { checkedAsOf, latestTime, pastTime, truncated } from './time-of-read.ts';
import type { Turns } from './turns.ts';
import { valueOf } from './value-of.ts';

/** Where a reader gets its views from. */
export interface ViewSource {
  /** The view that a call reads which asks for nothing else. */
  readonly view: StoreView;
  /** Returns a view in which `atLeast` holds. */
  atLeast(options: Pick<ReadOptions, 'atLeast'>): Promise<StoreView>;
  /** Returns a view in which `timestamp` is settled on every shard. */
  close(timestamp: number): Promise<StoreView>;
  /** Returns a newer view after `lost` vanished, or throws it. */
  replace(lost: VanishedFile): Promise<StoreView>;
}

/** What a reader needs. */
export interface ReaderContext {
  readonly source: ViewSource;
  readonly tables: Tables;
  readonly known: KnownRows;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly time: TimeMode;
  family(name: string | undefined): Family;
}

/** How many lookups of one `getMany` wait for loads at the same time. */
const GETS_IN_FLIGHT_MAX = 64;
/** More keys of one `getMany` are looked up with pauses for the rest of the process. */
const KEYS_AT_ONCE_MAX = 1000;
/** How many of them are looked up between two looks at the clock. */
const KEYS_PER_LOOK = 64;

/** See the module. */
export class Reader {
  readonly #context: ReaderContext;
  readonly #spare: Lookup[] = [];
  /** Makes a value of what a lookup found, and notes it. */
  readonly #valueOf: UseFound<Uint8Array> = (resolved, target, key) => {
    this.#context.known.note(target, key, resolved);
    return valueOf(resolved);
  };

  /** Creates a reader. */
  constructor(context: ReaderContext) {
    this.#context = context;
  }

  /**
   * Returns the value of a key, a copy, or `undefined`: at once if memory can answer. Otherwise the key is copied before the
   * call returns.
   */
  get(key: Bytes, options: ReadOptions): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    throwIfAborted(options.signal);
    const bytes = keyBytes(key);
    const family = this.#context.family(options.family);
    const start = this.#startNow(options);
    const turn = this.#context.turns.wait(1);
    if (start !== undefined && turn === undefined) {
      const found = this.#peekAt(start, family, bytes);
      if (found !== NOT_RESIDENT) return found;
    }
    return this.#load(copyBytes(bytes), family, start, options, turn);
  }

  /** Returns the timestamp of the visible version of a key in the newest state of `view`, or of a newer view. */
  async versionIn(view: StoreView, family: Family, key: Uint8Array): Promise<number | undefined> {
    const found = await this.rowIn(view, family, key);
    return found?.timestamp;
  }

  /** Returns the visible version of a key, a copy, in the newest state of `view`, or of a newer view. */
  async rowIn(
    view: StoreView,
    family: Family,
    key: Uint8Array,
    signal?: AbortSignal,
  ): Promise<{ readonly value: Uint8Array; readonly timestamp: number } | undefined> {
    const { time, clock } = this.#context;
    return this.#restarting(view, (known) => {
      const state = stateOf(known, key);
      const target = this.#target(state, family, latestTime(state, family, time, clock));
      const use = (resolved: Resolved) => ({ value: valueOf(resolved), timestamp: resolved.timestamp });
      return this.#lookup(target, key, use, signal);
    });
  }

  /** Scans the newest state of `view`; where files vanished, of a newer one. */
  rowsIn(
    view: StoreView,
    family: Family,
    interval: KeyInterval,
    options: Pick<ScanOptions, 'reverse' | 'signal'>,
  ): Scan {
    return new Scan({
      begin: () => this.#rangeScan({ view, timestamp: undefined }, family, interval, options),
      check: () => throwIfAborted(options.signal),
      onEnd: () => undefined,
    });
  }

  /** Returns the newest value if memory can answer, else NOT_RESIDENT. */
  peek(key: Bytes, familyName: string | undefined): Uint8Array | undefined | typeof NOT_RESIDENT {
    const { source, family } = this.#context;
    return this.#peekAt({ view: source.view, timestamp: undefined }, family(familyName), keyBytes(key));
  }

  /**
   * Returns the values of keys, in their order, all of one cut: at once if memory can answer. Otherwise the keys are copied
   * before the call returns, and as many as may be are loaded at the same time.
   */
  getMany(
    keys: readonly Bytes[],
    options: ReadOptions,
  ): (Uint8Array | undefined)[] | Promise<(Uint8Array | undefined)[]> {
    throwIfAborted(options.signal);
    const family = this.#context.family(options.family);
    const all = keys.map((key) => keyBytes(key));
    const start = this.#startNow(options);
    const turn = this.#context.turns.wait(all.length);
    if (start === undefined || turn !== undefined || all.length > KEYS_AT_ONCE_MAX)
      return this.#loadMany(all.map(copyOf), family, start, options, turn);
    const values = new Array<Uint8Array | undefined>(all.length);
    for (const [index, key] of all.entries()) {
      const found = this.#peekAt(start, family, key);
      if (found === NOT_RESIDENT) return this.#loadMany(all.map(copyOf), family, start, options);
      values[index] = found;
    }
    return values;
  }

  /** Scans a range; `check` is called before anything is handed out. */
  scan(options: ScanOptions, check: () => void, observer?: ScanObserver): Scan {
    const { prune } = options;
    return new Scan({
      begin: () => {
        check();
        const family = this.#context.family(options.family);
        const interval = keyIntervalOf(options);
        const now = this.#startNow(options);
        if (now !== undefined) return this.#rangeScan(now, family, interval, options);
        const later = this.#viewFor(options).then((view) => this.#settle(view, options));
        return later.then((start) => this.#rangeScan(start, family, interval, options));
      },
      limit: options.limit,
      observer,
      check,
      onEnd: (report) => {
        if (prune?.onEnd !== undefined)
          prune.onEnd(report ?? { filesRead: 0, filesSkipped: 0, blocksRead: 0, blocksSkipped: 0 });
      },
    });
  }

  #rangeScan(start: ScanStart, family: Family, interval: KeyInterval, options: RangeScanOptions): RangeScan {
    const { tables, clock, time, source } = this.#context;
    const replace = source.replace.bind(source);
    return new RangeScan({ tables, clock, time, replace }, family, start, interval, options);
  }

  /** Yields the versions of a key, newest first. */
  async *history(key: Uint8Array, options: HistoryOptions): AsyncGenerator<HistoryEntry> {
    const family = this.#context.family(options.family);
    const entries = await this.#restarting(await this.#viewFor(options), async (view) => {
      const state = stateOf(view, key);
      const horizon = horizonOf(state.head, family.record.number);
      const from = options.from === undefined ? horizon : startTimestampOf(options.from, 'from');
      if (from < horizon) throw truncated(family, 'from', from, horizon);
      const settled = settledTimestamp(state.head);
      const to = options.to === undefined ? NEVER : startTimestampOf(options.to, 'to');
      const target = this.#target(state, family, { asOf: settled, expiryAt: settled, latest: false });
      const versions = options.from === undefined ? family.record.keepVersions : 0;
      return readHistory(target, key, { from, to, horizon, versions }, options.signal);
    });
    yield* entries;
  }

  #peekAt(
    { view, timestamp }: ScanStart,
    family: Family,
    key: Uint8Array,
  ): Uint8Array | undefined | typeof NOT_RESIDENT {
    const state = stateOf(view, key);
    const target = this.#target(state, family, this.#timeOf(state, family, timestamp));
    const known = this.#context.known.get(target, key);
    if (known !== undefined) return known;
    const lookup = this.#spare.pop() ?? new Lookup();
    try {
      return peekLookup(lookup, target, key, this.#valueOf);
    } finally {
      lookup.end();
      this.#spare.push(lookup);
    }
  }

  async #load(
    key: Uint8Array,
    family: Family,
    start: ScanStart | undefined,
    options: ReadOptions,
    turn: Promise<void> | undefined,
  ): Promise<Uint8Array | undefined> {
    const first = start?.view ?? (await this.#viewFor(options));
    await turn;
    throwIfAborted(options.signal);
    return this.#restarting(first, async (view) => {
      const asOf = await this.#settle(view, options);
      if (turn !== undefined) {
        const found = this.#peekAt(asOf, family, key);
        if (found !== NOT_RESIDENT) return found;
      }
      const state = stateOf(asOf.view, key);
      const target = this.#target(state, family, this.#timeOf(state, family, asOf.timestamp));
      return this.#lookup(target, key, this.#valueOf, options.signal);
    });
  }

  async #loadMany(
    keys: readonly Uint8Array[],
    family: Family,
    start: ScanStart | undefined,
    options: ReadOptions,
    turn?: Promise<void>,
  ): Promise<(Uint8Array | undefined)[]> {
    const first = start?.view ?? (await this.#viewFor(options));
    await turn;
    return this.#restarting(first, async (view) => {
      const asOf = await this.#settle(view, options);
      const values = new Array<Uint8Array | undefined>(keys.length);
      const pace = new Pace(this.#context.clock, KEYS_PER_LOOK);
      let next = 0;
      const work = async (): Promise<void> => {
        while (next < keys.length) {
          throwIfAborted(options.signal);
          const index = next++;
          const key = keys[index] as Uint8Array;
          const found = this.#peekAt(asOf, family, key);
          if (found !== NOT_RESIDENT) values[index] = found;
          else {
            const state = stateOf(asOf.view, key);
            const target = this.#target(state, family, this.#timeOf(state, family, asOf.timestamp));
            values[index] = await this.#lookup(target, key, this.#valueOf, options.signal);
          }
          if (pace.isDue()) await pace.pause();
        }
      };
      await Promise.all(Array.from({ length: Math.min(GETS_IN_FLIGHT_MAX, keys.length) }, work));
      return values;
    });
  }

  async #lookup<T>(
    target: LookupTarget,
    key: Uint8Array,
    use: UseFound<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const lookup = this.#spare.pop() ?? new Lookup();
    try {
      return await runLookup(lookup, target, key, use, signal);
    } finally {
      this.#spare.push(lookup);
    }
  }

  #target(state: ShardState, family: Family, time: ReadTime): LookupTarget {
    return {
      tables: this.#context.tables,
      family,
      files: state.files.get(family.record.number) ?? NO_FILES,
      time,
    };
  }

  #timeOf(state: ShardState, family: Family, asOf: number | undefined): ReadTime {
    const { time, clock } = this.#context;
    return asOf === undefined ? latestTime(state, family, time, clock) : pastTime(state, family, asOf);
  }

  /** Returns the view and time of a read, if that takes no request. */
  #startNow({ asOf, atLeast }: ReadOptions): ScanStart | undefined {
    if (atLeast !== undefined) return undefined;
    const { time, clock, source } = this.#context;
    const { view } = source;
    if (asOf === undefined) return { view, timestamp: undefined };
    if (time === 'external' && isBeyond(view, asOf)) return undefined;
    const timestamp = checkedAsOf(asOf, view, time, clock);
    return view.shards.every((state) => timestamp <= settledTimestamp(state.head))
      ? { view, timestamp }
      : undefined;
  }

  #viewFor(options: Pick<ReadOptions, 'atLeast' | 'signal'>): Promise<StoreView> {
    throwIfAborted(options.signal);
    return this.#context.source.atLeast(options);
  }

  /** Returns the view and time of a read; closes the time where it is not settled. */
  async #settle(
    view: StoreView,
    options: ReadOptions,
  ): Promise<{ readonly view: StoreView; readonly timestamp: number | undefined }> {
    if (options.asOf === undefined) return { view, timestamp: undefined };
    const { time, clock, source } = this.#context;
    let known = view;
    if (time === 'external' && isBeyond(known, options.asOf))
      known = await source.atLeast({ atLeast: 'latest' });
    const timestamp = checkedAsOf(options.asOf, known, time, clock);
    const isSettled = known.shards.every((state) => timestamp <= settledTimestamp(state.head));
    return { view: isSettled ? known : await source.close(timestamp), timestamp };
  }

  async #restarting<T>(first: StoreView, read: (view: StoreView) => Promise<T>): Promise<T> {
    let view = first;
    for (let restarts = 0; ; restarts += 1) {
      try {
        return await read(view);
      } catch (error) {
        if (!(error instanceof VanishedFile) || restarts >= RESTARTS_MAX) throw error;
        view = await this.#context.source.replace(error);
      }
    }
  }
}

/** Tells whether a view still lists a file. */
export function isLive(view: StoreView, file: string): boolean {
  for (const state of view.shards)
    for (const entry of allFiles(state.files)) if (entry.id === file) return true;
  return false;
}

function isBeyond(view: StoreView, asOf: ReadOptions['asOf']): boolean {
  if (asOf === undefined) return false;
  const timestamp = timestampOf(asOf, 'asOf');
  return view.shards.every((state) => settledTimestamp(state.head) < timestamp);
}

function stateOf(view: StoreView, key: Uint8Array): ShardState {
  return view.shards[shardPosition(view.map, key)] as ShardState;
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return copyBytes(bytes);
}
