/**
 * The store: validates calls and wires the parts together. What it promises is in the README; how, in the parts:
 *
 *     write                     commit/      queue, group, upload, swap
 *     get, scan, history, peek  read/        views, lookups, cursors, times
 *     snapshot                  snapshot/    pinned views
 *     compact, truncate, gc     maintenance/
 *     stats, channels           metrics/      what is told of all of these
 *
 * Invariants:
 * - Every call checks its input before it does anything, and throws `CLORTHO_CLOSED` once the store is closed.
 */
import { type Clock, ClorthoError, isClorthoError, throwIfAborted } from '@clortho/base';
import type { DiskCache } from '@clortho/block-cache';
import { type ManifestContext, settledTimestamp } from '@clortho/manifest';
import type {
  Bytes,
  CallOptions,
  DelOptions,
  HistoryEntry,
  HistoryOptions,
  Operation,
  PutOptions,
  ReadOptions,
  ScanOptions,
  Timestamp,
  WarmOptions,
  WarmResult,
  WriteOptions,
  WriteResult,
} from './api.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { StoreRecord } from './catalog/record.ts';
import { abortable } from './commit/abortable.ts';
import { BackPressure } from './commit/back-pressure.ts';
import { type CommitRequest, Committer } from './commit/committer.ts';
import { conditionOf } from './commit/condition.ts';
import { FamilyHandle } from './family-handle.ts';
import { allEnded, finishesWithin } from './finishes-within.ts';
import { parseBatch } from './input/batch.ts';
import { keyBytes, owned, ownedKeyBytes } from './input/bytes.ts';
import { keyIntervalOf, ownedRange, ownedScan } from './input/range.ts';
import { commitTimestampOf } from './input/time.ts';
import { changeShards } from './maintenance/change-shards.ts';
import { GarbageCollector, type GcResult } from './maintenance/collect-garbage.ts';
import { Compactor, type CompactResult } from './maintenance/compactor.ts';
import { type SplitResult, splitShard } from './maintenance/split-shard.ts';
import { type TruncateResult, truncateHistory } from './maintenance/truncate.ts';
import type { Metrics } from './metrics/metrics.ts';
import { ObservedReader } from './metrics/observed-reader.ts';
import { observedTransaction, observedWrite } from './metrics/observed-write.ts';
import type { Backends } from './open/backends.ts';
import type { FamilyOptions, OpenOptions } from './options.ts';
import { KnownRows } from './read/known-rows.ts';
import { isLive, Reader, type ReaderContext } from './read/reader.ts';
import type { NOT_RESIDENT } from './read/run-lookup.ts';
import type { Scan } from './read/scan.ts';
import { checkedAsOf } from './read/time-of-read.ts';
import { Turns } from './read/turns.ts';
import { HeldReader } from './snapshot/held.ts';
import { PinSession } from './snapshot/pin-session.ts';
import { Snapshot } from './snapshot/snapshot.ts';
import { type StatsOptions, type StoreStats, treeStats } from './stats.ts';
import { runTransaction, type TransactOptions, type TransactResult } from './transaction/run-transaction.ts';
import type { Transaction } from './transaction/transaction.ts';
import type { VerifyOptions, VerifyReport } from './verify/verify-report.ts';
import { verifyStore } from './verify/verify-store.ts';
import { forgetDropped } from './view/forget-dropped.ts';
import { StoredFiles } from './view/stored-files.ts';
import { Tables } from './view/tables.ts';
import type { ViewKeeper } from './view/view-keeper.ts';
import { warmRange } from './view/warm-range.ts';

/** What {@link open} hands to a store. */
export interface StoreParts {
  readonly backends: Backends;
  readonly disk: DiskCache | undefined;
  readonly manifest: ManifestContext;
  readonly metrics: Metrics;
  readonly catalog: Catalog;
  readonly keeper: ViewKeeper;
  readonly record: StoreRecord;
  readonly options: OpenOptions;
}

const MIB = 1024 * 1024;
const CACHE_BYTES = 256 * MIB;
/** What part of the memory for blocks is for single rows that were read lately. */
const ROW_FRACTION = 1 / 8;
const CLOSE_MS_MAX = 120_000;

/** An open store. Made by {@link open}. */
export class Store {
  readonly #parts: StoreParts;
  readonly #clock: Clock;
  readonly #files: StoredFiles;
  readonly #tables: Tables;
  readonly #known: KnownRows;
  readonly #pressure: BackPressure;
  readonly #committer: Committer;
  readonly #reader: Reader;
  /** The reads that callers make. */
  readonly #reads: ObservedReader;
  readonly #readerContext: ReaderContext;
  #session: PinSession;
  readonly #held: HeldReader;
  /** Bytes that others had put through the same object store before. */
  readonly #putBefore: number;
  readonly #compactor: Compactor;
  readonly #collector: GarbageCollector;
  readonly #stop = new AbortController();
  #refreshing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Wires the parts; callers use {@link open}. */
  constructor(parts: StoreParts) {
    const { manifest, metrics, catalog, keeper, record, options } = parts;
    this.#parts = parts;
    this.#clock = manifest.clock;
    const { disk } = parts;
    this.#files = new StoredFiles({
      objects: manifest.objects,
      store: record.id,
      disk,
      onEvent: options.onEvent,
    });
    this.#tables = this.#tablesOver(this.#files);
    this.#known = new KnownRows(Math.floor((options.cacheBytes ?? CACHE_BYTES) * ROW_FRACTION));
    this.#pressure = new BackPressure({
      clock: this.#clock,
      tuning: options.tuning ?? {},
      view: () => keeper.view,
      family: (number) => catalog.byNumber(number)?.record,
      isFailing: (shard, family) => this.#compactor.isFailing(shard, family),
    });
    // A handle that does not compact waits for nothing: it cannot know whether anybody does.
    if (options.compaction === 'manual') this.#pressure.release();
    this.#committer = new Committer({
      manifest,
      metrics,
      keeper,
      tables: this.#tables,
      time: record.time,
      blockBytes: options.tuning?.blockBytes ?? 32 * 1024,
      queueBytes: options.queueBytes ?? 64 * MIB,
      pressure: this.#pressure,
    });
    this.#held = new HeldReader(manifest.registers, this.#clock);
    this.#putBefore = manifest.objects.counters.bytesPut;
    this.#session = this.#newSession();
    this.#readerContext = {
      tables: this.#tables,
      known: this.#known,
      turns: new Turns(this.#clock),
      clock: this.#clock,
      time: record.time,
      family: (name) => catalog.byName(name),
      source: {
        get view() {
          return keeper.view;
        },
        atLeast: ({ atLeast }) => keeper.atLeast(atLeast),
        close: (timestamp) => this.#settle(timestamp),
        replace: async (lost) => {
          const view = await keeper.refresh();
          if (!isLive(view, lost.file)) return view;
          this.#files.tellLost(lost.file, lost);
          throw lost;
        },
      },
    };
    this.#reader = new Reader(this.#readerContext);
    this.#reads = new ObservedReader(this.#reader, metrics);
    this.#compactor = new Compactor({
      manifest,
      metrics,
      keeper,
      catalog,
      held: this.#held,
      tables: this.#tables,
      tuning: options.tuning ?? {},
      onEvent: options.onEvent,
    });
    this.#collector = new GarbageCollector({
      manifest,
      keeper,
      held: this.#held,
      store: record.id,
      workingSince: () => this.#compactor.workingSince,
    });
    keeper.onChange((before, after) => {
      forgetDropped(this.#tables, before, after);
      this.#known.follow(before, after);
    });
    this.#startBackground();
  }

  /** The name of the place, without credentials. */
  get name(): string {
    return this.#parts.manifest.objects.name;
  }

  /**
   * Commits a batch atomically, over all families and shards that it touches, and returns when it is durable.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the batch is malformed; `CLORTHO_CONFLICT` if a condition does not hold
   *   or a named timestamp is not above what was committed or read; `CLORTHO_OUTCOME_UNKNOWN` if it may or may not have been committed;
   *   `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED`, `CLORTHO_CLOSED`.
   */
  async write(operations: readonly Operation[], options: WriteOptions = {}): Promise<WriteResult> {
    const request = this.#request(operations, options);
    return observedWrite(this.#parts.metrics, request.batch, () => this.#committer.submit(request));
  }

  /** Puts one value; see {@link Store.write}. With a condition, throws `CLORTHO_CONFLICT` if it does not hold. */
  async put(key: Bytes, value: Bytes, options: PutOptions = {}): Promise<WriteResult> {
    const { family, ifAbsent, ifVersion } = options;
    return this.write([{ type: 'put', key, value, family, ifAbsent, ifVersion }], options);
  }

  /**
   * Runs `work` and commits what it wrote, atomically and serializably: as if all its reads and writes happened at the commit
   * timestamp. After a conflict it runs again, on a newer view. Without writes it commits nothing, and its reads are of
   * one cut.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` if every attempt met one; as {@link Store.write}; whatever `work` throws,
   *   after which nothing was written.
   */
  async transact<T>(
    work: (transaction: Transaction) => Promise<T> | T,
    options: TransactOptions = {},
  ): Promise<TransactResult<T>> {
    this.#checkWritable();
    const { manifest, metrics, keeper, catalog } = this.#parts;
    const context = {
      keeper,
      committer: this.#committer,
      reader: this.#readerContext,
      clock: this.#clock,
      random: manifest.random,
      familyOf: (name: string | undefined) => catalog.byName(name),
      request: (operations: readonly Operation[], given: TransactOptions) => this.#request(operations, given),
    };
    return observedTransaction(metrics, work, (counted) => runTransaction(context, counted, options));
  }

  /** Deletes one key; see {@link Store.write}. */
  async del(key: Bytes, options: DelOptions = {}): Promise<WriteResult> {
    return this.write([{ type: 'del', key, family: options.family }], options);
  }

  /**
   * Returns the value of a key as bytes that the caller owns, or `undefined` if it has none.
   *
   * @throws {ClorthoError} `CLORTHO_HISTORY_TRUNCATED` if `asOf` lies below the horizon; `CLORTHO_INVALID`,
   *   `CLORTHO_CORRUPT`, `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED`, `CLORTHO_CLOSED`.
   */
  async get(key: Bytes, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    this.#check();
    return this.#reads.get(key, options);
  }

  /** Returns the values of keys in their order, duplicates included, all of one moment. */
  async getMany(keys: readonly Bytes[], options: ReadOptions = {}): Promise<(Uint8Array | undefined)[]> {
    this.#check();
    return this.#reads.getMany(keys, options);
  }

  /** Returns what {@link Store.get} would, at once, or {@link NOT_RESIDENT} if memory cannot answer. */
  peek(
    key: Bytes,
    options: { readonly family?: string | undefined } = {},
  ): Uint8Array | undefined | typeof NOT_RESIDENT {
    this.#check();
    return this.#reader.peek(key, options.family);
  }

  /** Yields the visible rows of a range in key order, all of one moment; its `chunks()`, as columns. */
  scan(options: ScanOptions = {}): Scan {
    const { signal } = options;
    return this.#reads.scan(ownedScan(options), () => {
      this.#check();
      throwIfAborted(signal);
    });
  }

  /**
   * Brings near what reads of a range will want: the indexes and filters of the files that hold its newest rows, and their
   * bytes to the cache on disk; without one, their blocks into memory. Stops short of pushing out anything else. History
   * stays where it is.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID`, `CLORTHO_CORRUPT`, `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED`, `CLORTHO_CLOSED`.
   */
  async warm(options: WarmOptions = {}): Promise<WarmResult> {
    this.#check();
    const family = this.#parts.catalog.byName(options.family);
    const { source } = this.#readerContext;
    const context = { source, tables: this.#tables, files: this.#files };
    return warmRange(context, family, keyIntervalOf(ownedRange(options)), options);
  }

  /** Yields the versions of a key, newest first, merges resolved. */
  history(key: Bytes, options: HistoryOptions = {}): AsyncGenerator<HistoryEntry> {
    return this.#history(owned(key), options);
  }

  /**
   * Pins the newest state of all shards until the snapshot is closed. Closes the time of the last commit on all of them:
   * later commits land above it.
   */
  async snapshot(options: CallOptions = {}): Promise<Snapshot> {
    this.#check();
    throwIfAborted(options.signal);
    const session = this.#liveSession();
    try {
      return await this.#takeSnapshot(session);
    } catch (error) {
      // A session without snapshots is not renewed: that it was ended shows when it is used again.
      if (!session.isLost || this.#closing !== undefined) throw error;
      return this.#takeSnapshot(this.#liveSession());
    }
  }

  #takeSnapshot(session: PinSession): Promise<Snapshot> {
    const { manifest, metrics, keeper, options } = this.#parts;
    const { source: _, ...reader } = this.#readerContext;
    const settle = options.readOnly === true ? undefined : (time: number) => this.#settle(time);
    return Snapshot.take({ manifest, metrics, keeper, session, reader, settle });
  }

  /** A session that was lost took its snapshots with it; those to come are pinned by another one. */
  #liveSession(): PinSession {
    if (this.#session.isLost) this.#session = this.#newSession();
    return this.#session;
  }

  /** Returns a handle whose calls mean this family. @throws {ClorthoError} `CLORTHO_INVALID` if there is none. */
  family(name: string): FamilyHandle {
    this.#check();
    return new FamilyHandle(this, this.#parts.catalog.byName(name).record.name);
  }

  /** Creates a family, or returns the existing one if the options do not contradict it. */
  async createFamily(name: string, options: FamilyOptions = {}): Promise<FamilyHandle> {
    this.#checkWritable();
    const family = await this.#parts.catalog.create(name, options);
    return new FamilyHandle(this, family.record.name);
  }

  /**
   * Makes `timestamp` the horizon of all `kv` families: reads at it and later stay exact, earlier ones throw.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if it lies beyond now (external time: beyond the last commit).
   */
  async truncateHistory(timestamp: Timestamp): Promise<TruncateResult> {
    this.#checkWritable();
    const { manifest, keeper, catalog, record } = this.#parts;
    await catalog.refresh();
    const view = await keeper.refresh();
    const horizon = checkedAsOf(timestamp, view, record.time, this.#clock);
    await this.#settle(horizon);
    return truncateHistory({ manifest, keeper, held: this.#held, families: catalog.families }, horizon);
  }

  /** Merges everything into its final place and returns what was done. */
  async compact(options: CallOptions = {}): Promise<CompactResult> {
    this.#checkWritable();
    await this.#parts.keeper.refresh();
    return this.#compactor.compactAll(options.signal);
  }

  /** Runs one pass of garbage collection. An object goes at the second pass after it lost its last reference. */
  async gc(): Promise<GcResult> {
    this.#checkWritable();
    return this.#collector.pass();
  }

  /**
   * Splits a shard in two at `key`, which becomes the first key of the right one. No row is read or written; writes and
   * reads go on meanwhile.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if there is no such shard, or the key is not inside it, above its first
   *   key, or longer than 64 bytes; `CLORTHO_UNSUPPORTED` with registers that cannot change several at once;
   *   `CLORTHO_CONFLICT`, `CLORTHO_OUTCOME_UNKNOWN`, `CLORTHO_UNAVAILABLE`.
   */
  async splitShard(shard: number, key: Bytes): Promise<SplitResult> {
    this.#checkWritable();
    const { manifest, keeper } = this.#parts;
    return splitShard(manifest, keeper, shard, ownedKeyBytes(key));
  }

  /** Returns the tree, the caches and the requests made since the store was opened. Costs no request unless asked to. */
  async stats({ listPins = false }: StatsOptions = {}): Promise<StoreStats> {
    this.#check();
    const { keeper, catalog, manifest, metrics, record } = this.#parts;
    const put = manifest.objects.counters.bytesPut - this.#putBefore;
    const pins = listPins ? await this.#held.list() : this.#held.known;
    return {
      name: this.name,
      id: record.id,
      time: record.time,
      ...treeStats(keeper.view, catalog.families, pins, { put, committed: this.#committer.committedBytes }),
      blockCache: this.#tables.blockStats,
      rowCache: this.#known.stats,
      openFiles: this.#tables.openStats,
      diskCache: this.#files.diskStats,
      objects: { ...manifest.objects.counters },
      registers: { ...manifest.registers.counters },
      latencies: metrics.latencies,
      compaction: this.#compactor.stats(),
      queued: this.#committer.queued,
      backPressure: this.#pressure.stats,
    };
  }

  /**
   * Reads everything again that the store references, and tells all that is wrong: checksums, the order of rows, key bounds
   * and times, statistics against rows, what is missing. Writes nothing, so it works on a read-only handle; others may go
   * on meanwhile. Holds one file at a time in memory. Does not compare versions of a key across files, nor tell apart two
   * objects of which the manifest says the very same.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED`, `CLORTHO_CLOSED`; what is wrong is returned.
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#check();
    const { manifest, keeper, catalog, record } = this.#parts;
    // What is verified is the object store, not what this process keeps of it.
    const tables = this.#tablesOver(new StoredFiles({ objects: manifest.objects, store: record.id }));
    return verifyStore({ manifest, keeper, catalog, tables, store: record.id }, options);
  }

  /**
   * Finishes what was accepted, stops background work and releases everything. Idempotent.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if that took longer than `closeMsMax`, because a backend does not
   *   answer; it says what was not finished. Calls that were still waiting have failed then.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes the store at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#history(key: Bytes, options: HistoryOptions): AsyncGenerator<HistoryEntry> {
    this.#check();
    yield* this.#reads.history(keyBytes(key), options);
  }

  async #close(): Promise<void> {
    const { options, backends } = this.#parts;
    this.#stop.abort();
    this.#pressure.release();
    const unfinished = new Set<string>();
    const finish = async (part: string, work: Promise<void> | undefined): Promise<void> => {
      unfinished.add(part);
      await work;
      unfinished.delete(part);
    };
    const finished = allEnded([
      finish('commits', this.#committer.drain()),
      finish('compaction', this.#compactor.close()),
      finish('pins', this.#session.close()),
      finish('refresh', this.#refreshing),
    ]);
    try {
      if (await finishesWithin(this.#clock, options.closeMsMax ?? CLOSE_MS_MAX, finished)) return;
      const batches = this.#committer.abandon();
      throw new ClorthoError(
        'CLORTHO_UNAVAILABLE',
        `the store was closed with work unfinished: at=${this.name} parts=${[...unfinished].join()} batches=${batches}`,
      );
    } finally {
      await this.#files.close(this.#clock);
      await backends.close();
    }
  }

  #request(operations: readonly Operation[], options: WriteOptions): CommitRequest {
    this.#checkWritable();
    const { keeper, catalog, record } = this.#parts;
    const { timestamp } = options;
    if (record.time === 'external' && timestamp === undefined) {
      throw new ClorthoError(
        'CLORTHO_INVALID',
        'a store with external time takes a timestamp with every write',
      );
    }
    if (record.time === 'clock' && timestamp !== undefined) {
      throw new ClorthoError('CLORTHO_INVALID', 'a store with clock time takes no timestamp');
    }
    const named = timestamp === undefined ? undefined : commitTimestampOf(timestamp);
    const batch = parseBatch(operations, (name) => catalog.byName(name));
    const condition = conditionOf(batch.expectations, this.#reader, keeper);
    return { batch, timestamp: named, condition, signal: options.signal };
  }

  #tablesOver(files: StoredFiles): Tables {
    const { catalog, options } = this.#parts;
    return new Tables({
      files,
      cacheBytes: Math.ceil((options.cacheBytes ?? CACHE_BYTES) * (1 - ROW_FRACTION)),
      tableBytes: options.tableBytes ?? 64 * MIB,
      collectors: (family) => catalog.collectorsOf(family),
    });
  }

  #newSession(): PinSession {
    const { registers, ids } = this.#parts.manifest;
    return new PinSession(registers, this.#clock, ids.mint());
  }

  /** Closes a time on all shards where it is not settled. */
  async #settle(timestamp: number): ReturnType<typeof changeShards> {
    const { manifest, keeper, options } = this.#parts;
    const isOpen = keeper.view.shards.some((state) => settledTimestamp(state.head) < timestamp);
    if (isOpen && options.readOnly === true) {
      throw new ClorthoError(
        'CLORTHO_INVALID',
        'a read-only handle reads up to the last commit, it cannot close a time',
      );
    }
    return changeShards(manifest, keeper, (state) =>
      settledTimestamp(state.head) < timestamp ? { floor: timestamp } : undefined,
    );
  }

  #startBackground(): void {
    const { keeper, options } = this.#parts;
    if (options.readOnly !== true && options.compaction !== 'manual') this.#compactor.start();
    const { signal } = this.#stop;
    const refresh = async (): Promise<void> => {
      for (;;) {
        await this.#clock.sleep(options.refreshMs ?? 1000, signal);
        // What is out of reach or damaged is reported by the calls that need it; this one tries again. Closing does not wait
        // for services that are slow to answer: nobody needs what they would say.
        await abortable(keeper.refresh().catch(ignoreExpected), signal);
      }
    };
    this.#refreshing = refresh().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #check(): void {
    if (this.#closing !== undefined) throw new ClorthoError('CLORTHO_CLOSED', 'the store is closed');
  }

  #checkWritable(): void {
    this.#check();
    if (this.#parts.options.readOnly === true)
      throw new ClorthoError('CLORTHO_INVALID', 'the store was opened read-only');
  }
}

function ignoreExpected(error: unknown): void {
  if (!isClorthoError(error)) throw error;
}
