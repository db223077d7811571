/**
 * Reads of one view: points, scans and histories, for the store and for snapshots alike.
 *
 * Invariants:
 * - One call sees one cut across shards.
 * - A read that loses a file to garbage collection starts over on a newer view, a scan where it left off and at
 *   the same times; a file that is missing although it is live is `CLORTHO_CORRUPT`.
 */
import {
  type Clock,
  ClorthoError,
  intersectIntervals,
  isEmptyInterval,
  type KeyInterval,
  keySuccessor,
  throwIfAborted,
} from '@clortho/base';
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
import type { HistoryEntry, HistoryOptions, PruneReport, ReadOptions, ScanOptions, ScanRow } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { keyBytes } from '../input/bytes.ts';
import { keyIntervalOf } from '../input/range.ts';
import { startTimestampOf, timestampOf } from '../input/time.ts';
import type { TimeMode } from '../options.ts';
import { type StoreView, shardInterval } from '../view/store-view.ts';
import { type Tables, VanishedFile } from '../view/tables.ts';
import { Lookup, type LookupTarget } from './lookup.ts';
import { readHistory } from './read-history.ts';
import type { ReadTime } from './read-time.ts';
import { type NOT_RESIDENT, peekLookup, runLookup } from './run-lookup.ts';
import { scanShard, valueOf } from './scan-shard.ts';
import { checkedAsOf, latestTime, pastTime, truncated } from './time-of-read.ts';

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
  readonly clock: Clock;
  readonly time: TimeMode;
  family(name: string | undefined): Family;
}

/** How often a read starts over because files vanished under it. */
const RESTARTS_MAX = 8;
/** How many lookups of one `getMany` wait for loads at the same time. */
const GETS_IN_FLIGHT_MAX = 64;

/** See the module. */
export class Reader {
  readonly #context: ReaderContext;
  readonly #spare: Lookup[] = [];

  /** Creates a reader. */
  constructor(context: ReaderContext) {
    this.#context = context;
  }

  /** Returns the value of a key, a copy, or `undefined`. */
  async get(key: Uint8Array, options: ReadOptions): Promise<Uint8Array | undefined> {
    const resolved = await this.#find(key, options, valueOf);
    return resolved;
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
      const target = this.#target(state, family, latestTime(state, time, clock));
      const use = (resolved: Resolved) => ({ value: valueOf(resolved), timestamp: resolved.timestamp });
      return this.#lookup(target, key, use, signal);
    });
  }

  /** Yields the visible rows of an interval in the newest state of `view`; where files vanished, of a newer one. */
  async *rowsIn(
    view: StoreView,
    family: Family,
    interval: KeyInterval,
    options: Pick<ScanOptions, 'reverse' | 'signal'>,
  ): AsyncGenerator<ScanRow> {
    const report: PruneReport = { filesRead: 0, filesSkipped: 0, blocksRead: 0, blocksSkipped: 0 };
    yield* this.#scanView({ view, timestamp: undefined }, family, interval, options, report);
  }

  /** Returns the value if memory can answer, else NOT_RESIDENT. */
  peek(key: Uint8Array, family: Family): Uint8Array | undefined | typeof NOT_RESIDENT {
    const { source, time, clock } = this.#context;
    const state = stateOf(source.view, key);
    const lookup = this.#spare.pop() ?? new Lookup();
    const result = peekLookup(
      lookup,
      this.#target(state, family, latestTime(state, time, clock)),
      key,
      valueOf,
    );
    lookup.end();
    this.#spare.push(lookup);
    return result;
  }

  /** Returns the values of keys, in their order, all of one cut. */
  async getMany(keys: readonly Uint8Array[], options: ReadOptions): Promise<(Uint8Array | undefined)[]> {
    const family = this.#context.family(options.family);
    return this.#restarting(await this.#viewFor(options), async (view) => {
      const asOf = await this.#settle(view, options);
      const values = new Array<Uint8Array | undefined>(keys.length);
      let next = 0;
      const work = async (): Promise<void> => {
        while (next < keys.length) {
          throwIfAborted(options.signal);
          const index = next++;
          const key = keys[index] as Uint8Array;
          const state = stateOf(asOf.view, key);
          const target = this.#target(state, family, this.#timeOf(state, family, asOf.timestamp));
          values[index] = await this.#lookup(target, key, valueOf, options.signal);
        }
      };
      await Promise.all(Array.from({ length: Math.min(GETS_IN_FLIGHT_MAX, keys.length) }, work));
      return values;
    });
  }

  /** Yields the visible rows of a range. */
  async *scan(options: ScanOptions): AsyncGenerator<ScanRow> {
    const report: PruneReport = { filesRead: 0, filesSkipped: 0, blocksRead: 0, blocksSkipped: 0 };
    try {
      yield* this.#scan(options, report);
    } finally {
      options.prune?.onEnd?.(report);
    }
  }

  async *#scan(options: ScanOptions, report: PruneReport): AsyncGenerator<ScanRow> {
    const family = this.#context.family(options.family);
    const interval = keyIntervalOf(options);
    const { limit = Number.POSITIVE_INFINITY } = options;
    if (!(limit >= 0)) throw new ClorthoError('CLORTHO_INVALID', `limit is zero or more: limit=${limit}`);
    const asOf = await this.#settle(await this.#viewFor(options), options);
    yield* this.#scanView(asOf, family, interval, options, report);
  }

  async *#scanView(
    asOf: { readonly view: StoreView; readonly timestamp: number | undefined },
    family: Family,
    whole: KeyInterval,
    options: Pick<ScanOptions, 'reverse' | 'prune' | 'signal' | 'limit'>,
    report: PruneReport,
  ): AsyncGenerator<ScanRow> {
    const { clock } = this.#context;
    const { reverse = false, prune, signal, limit = Number.POSITIVE_INFINITY } = options;
    let rest = whole;
    let { view } = asOf;
    const first = view;
    const times = first.shards.map((state) => this.#timeOf(state, family, asOf.timestamp));
    /** In a later view, a shard is read at the time of the one that held its keys at first. */
    const timeOf = (position: number): ReadTime => {
      if (view === first) return times[position] as ReadTime;
      const origin = shardPosition(first.map, shardInterval(view, position).start);
      const settled = asOf.timestamp ?? settledTimestamp((first.shards[origin] as ShardState).head);
      const { expiryAt } = times[origin] as ReadTime;
      return { ...pastTime(view.shards[position] as ShardState, family, settled), expiryAt };
    };
    let yielded = 0;
    for (let restarts = 0; ; restarts += 1) {
      try {
        for (const position of shardOrder(view, reverse)) {
          const state = view.shards[position] as ShardState;
          const interval = intersectIntervals(rest, shardInterval(view, position));
          if (isEmptyInterval(interval) || yielded >= limit) continue;
          const target = this.#target(state, family, timeOf(position));
          for await (const row of scanShard({ target, interval, reverse, prune, report, clock, signal })) {
            rest = reverse ? { ...rest, end: row.key } : { ...rest, start: keySuccessor(row.key) };
            yield row;
            yielded += 1;
            if (yielded >= limit) break;
          }
        }
        return;
      } catch (error) {
        if (!(error instanceof VanishedFile) || restarts >= RESTARTS_MAX) throw error;
        view = await this.#context.source.replace(error);
      }
    }
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

  async #find<T>(
    key: Uint8Array,
    options: ReadOptions,
    use: (resolved: Resolved) => T,
  ): Promise<T | undefined> {
    throwIfAborted(options.signal);
    const family = this.#context.family(options.family);
    const found = options.atLeast === undefined ? this.#context.source.view : await this.#viewFor(options);
    return this.#restarting(found, async (view) => {
      const asOf =
        options.asOf === undefined ? { view, timestamp: undefined } : await this.#settle(view, options);
      const state = stateOf(asOf.view, key);
      const target = this.#target(state, family, this.#timeOf(state, family, asOf.timestamp));
      return this.#lookup(target, key, use, options.signal);
    });
  }

  async #lookup<T>(
    target: LookupTarget,
    key: Uint8Array,
    use: (resolved: Resolved) => T,
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
    return asOf === undefined ? latestTime(state, time, clock) : pastTime(state, family, asOf);
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
  return view.shards[shardPosition(view.map, keyBytes(key))] as ShardState;
}

function shardOrder(view: StoreView, reverse: boolean): number[] {
  const order = view.shards.map((_, position) => position);
  return reverse ? order.reverse() : order;
}
