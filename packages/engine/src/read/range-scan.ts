/**
 * The chunks of a scan over all shards that its range meets, in one view after the other if files vanish.
 *
 *     shard 1   [chunk][chunk]..|              the next one is filled when it is asked for, and what it is blocked on
 *     shard 2                   |[chunk]..     is loaded while the consumer works on the one before
 *
 * Invariants:
 * - One cut across shards; after a restart on a newer view, the rest of the range at the same times.
 * - The event loop is shared: no stretch of chunks without waiting lasts longer than {@link Pace} allows.
 * - At most one chunk is gathered, and one load under way, at a time.
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
import { NO_FILES, type ShardState, settledTimestamp, shardPosition } from '@clortho/manifest';
import { BLOCKED, END } from '@clortho/sst';
import type { PruneReport, ScanOptions } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import type { TimeMode } from '../options.ts';
import { Pace } from '../pace.ts';
import { type StoreView, shardInterval } from '../view/store-view.ts';
import { VanishedFile } from '../view/stored-files.ts';
import type { Tables } from '../view/tables.ts';
import { ChunkBuilder } from './chunk-builder.ts';
import type { LookupTarget } from './lookup.ts';
import { matchingRows } from './matching-rows.ts';
import type { ReadTime } from './read-time.ts';
import type { ScanChunk } from './scan-chunk.ts';
import { ShardScan } from './scan-shard.ts';
import { latestTime, pastTime } from './time-of-read.ts';

/** The keys and values of a chunk take about as much at most, unless a single row takes more. */
const CHUNK_BYTES = 128 * 1024;
/** How often a read starts over because files vanished under it. */
export const RESTARTS_MAX = 8;

/** What a scan stands on. */
export interface RangeScanContext {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly time: TimeMode;
  /** Returns a newer view after `lost` vanished, or throws it. */
  replace(lost: VanishedFile): Promise<StoreView>;
}

/** Where and when a scan begins. */
export interface ScanStart {
  readonly view: StoreView;
  /** The time of the read; `undefined` for the newest state of each shard. */
  readonly timestamp: number | undefined;
}

/** How to scan. */
export type RangeScanOptions = Pick<ScanOptions, 'reverse' | 'prune' | 'signal' | 'limit'>;

/** See the module. */
export class RangeScan {
  readonly #context: RangeScanContext;
  readonly #family: Family;
  readonly #options: RangeScanOptions;
  readonly #start: ScanStart;
  readonly #times: readonly ReadTime[];
  readonly #report: PruneReport = { filesRead: 0, filesSkipped: 0, blocksRead: 0, blocksSkipped: 0 };
  readonly #pace: Pace;
  readonly #rows = new ChunkBuilder();
  #view: StoreView;
  #rest: KeyInterval;
  /** Rows that may still be returned. */
  #left: number;
  /** How many shards of the view, in the order of the scan, are done. */
  #done = 0;
  #shard: ShardScan | undefined;
  #restarts = 0;
  /** A shard that is being opened, or a load that was begun ahead. */
  #loading: Promise<void> | undefined;

  /** @throws {ClorthoError} `CLORTHO_INVALID`, `CLORTHO_HISTORY_TRUNCATED`. */
  constructor(
    context: RangeScanContext,
    family: Family,
    start: ScanStart,
    range: KeyInterval,
    options: RangeScanOptions,
  ) {
    const { limit = Number.POSITIVE_INFINITY } = options;
    if (!(limit >= 0)) throw new ClorthoError('CLORTHO_INVALID', `limit is zero or more: limit=${limit}`);
    const { time, clock } = context;
    const { timestamp, view } = start;
    this.#context = context;
    this.#family = family;
    this.#options = options;
    this.#start = start;
    this.#times = view.shards.map((state) =>
      timestamp === undefined ? latestTime(state, family, time, clock) : pastTime(state, family, timestamp),
    );
    this.#pace = new Pace(clock, 1);
    this.#view = view;
    this.#rest = range;
    this.#left = limit;
  }

  /**
   * Returns the next rows, `rowsMax` at most: at once where memory can answer. `undefined`: there are no more. One call at a
   * time, and none after one has failed.
   */
  next(rowsMax: number): ScanChunk | undefined | Promise<ScanChunk | undefined> {
    if (this.#options.prune !== undefined || this.#loading !== undefined || this.#pace.isDue())
      return this.#nextSlowly(rowsMax);
    const chunk = this.#fill(rowsMax);
    return chunk === BLOCKED ? this.#nextSlowly(rowsMax) : chunk;
  }

  /** Lets go of everything and reports; waits for the load that is under way. Idempotent. */
  async close(): Promise<void> {
    this.#left = 0;
    // What it came to matters to nobody any more.
    await this.#loading?.catch(() => undefined);
    this.#leaveShard();
  }

  /** What was read and skipped; complete once the scan is closed. */
  get report(): PruneReport {
    return this.#report;
  }

  async #nextSlowly(rowsMax: number): Promise<ScanChunk | undefined> {
    const { prune, signal } = this.#options;
    for (;;) {
      throwIfAborted(signal);
      if (this.#pace.isDue()) await this.#pace.pause();
      try {
        await this.#loading;
        const chunk = prune === undefined ? this.#fill(rowsMax) : await this.#fillMatching(rowsMax, prune);
        if (chunk !== BLOCKED) return chunk;
        this.#load();
      } catch (error) {
        if (!(error instanceof VanishedFile) || this.#restarts >= RESTARTS_MAX) throw error;
        this.#restarts += 1;
        this.#loading = undefined;
        this.#rows.take();
        this.#leaveShard();
        this.#view = await this.#context.replace(error);
        this.#done = 0;
      }
    }
  }

  /** Returns a chunk, `undefined` at the end, or BLOCKED. */
  #fill(rowsMax: number): ScanChunk | undefined | typeof BLOCKED {
    const rows = this.#rows;
    while (this.#left > 0) {
      const shard = this.#shard ?? this.#enterShard();
      if (shard === undefined || shard === BLOCKED) return shard;
      const step = shard.fill(rows, Math.min(rowsMax, this.#left), CHUNK_BYTES);
      if (step === END) this.#leaveShard();
      const chunk = rows.take();
      if (chunk !== undefined) {
        this.#pass(chunk, chunk.length);
        if (step === BLOCKED && this.#left > 0) this.#load();
        return chunk;
      }
      if (step === BLOCKED) return BLOCKED;
    }
    return undefined;
  }

  /** As {@link #fill}, of rows that a predicate takes. */
  async #fillMatching(
    rowsMax: number,
    prune: NonNullable<RangeScanOptions['prune']>,
  ): Promise<ScanChunk | undefined | typeof BLOCKED> {
    const rows = this.#rows;
    while (this.#left > 0) {
      const shard = this.#shard ?? this.#enterShard();
      if (shard === undefined || shard === BLOCKED) return shard;
      const folded = new Set<number>();
      const step = shard.fill(rows, rowsMax, CHUNK_BYTES, (row) => folded.add(row));
      const read = rows.take();
      if (read !== undefined) {
        const { hidden } = shard;
        const target = this.#targetOf(this.#positionAt(this.#done));
        const chunk = await matchingRows(read, { prune, target, hidden, folded, limit: this.#left });
        this.#pass(read, chunk?.length ?? 0);
        if (step === END) this.#leaveShard();
        if (chunk !== undefined) return chunk;
        if (this.#pace.isDue()) await this.#pace.pause();
        throwIfAborted(this.#options.signal);
      } else if (step === END) this.#leaveShard();
      if (step === BLOCKED) return BLOCKED;
    }
    return undefined;
  }

  /** Notes that rows of the view were read up to the last one of `chunk`, and `returned` are handed out. */
  #pass(chunk: ScanChunk, returned: number): void {
    const last = chunk.key(chunk.length - 1);
    const { start, end } = this.#rest;
    this.#rest =
      this.#options.reverse === true
        ? { start, end: new Uint8Array(last) }
        : { start: keySuccessor(last), end };
    this.#left -= returned;
  }

  /** Begins to load what the scan is blocked on, unless that was begun already. */
  #load(): void {
    if (this.#loading === undefined && this.#shard !== undefined)
      this.#wait(this.#shard.load(this.#options.signal));
  }

  /** Notes work that the next chunk waits for; what it failed with stays until it is asked for. */
  #wait(work: Promise<void>): void {
    const finish = async (): Promise<void> => {
      await work;
      this.#loading = undefined;
    };
    this.#loading = finish();
    // Whoever asks for the next chunk awaits it; if nobody does, nobody is concerned.
    this.#loading.catch(() => undefined);
  }

  /** Enters the next shard that has keys of the range; `undefined` after the last one. */
  #enterShard(): ShardScan | undefined | typeof BLOCKED {
    const { reverse = false, prune } = this.#options;
    for (; this.#done < this.#view.shards.length; this.#done += 1) {
      const position = this.#positionAt(this.#done);
      const interval = intersectIntervals(this.#rest, shardInterval(this.#view, position));
      if (isEmptyInterval(interval)) continue;
      const target = this.#targetOf(position);
      const opened = ShardScan.open({
        target,
        interval,
        reverse,
        report: this.#report,
        mayMatch: prune?.mayMatch,
      });
      if (opened instanceof ShardScan) {
        this.#shard = opened;
        return opened;
      }
      this.#wait(this.#awaitShard(opened));
      return BLOCKED;
    }
    return undefined;
  }

  async #awaitShard(opened: Promise<ShardScan>): Promise<void> {
    this.#shard = await opened;
  }

  #leaveShard(): void {
    if (this.#shard === undefined) return;
    this.#shard.close();
    this.#shard = undefined;
    this.#done += 1;
  }

  #positionAt(index: number): number {
    return this.#options.reverse === true ? this.#view.shards.length - 1 - index : index;
  }

  #targetOf(position: number): LookupTarget {
    const { files } = this.#view.shards[position] as ShardState;
    return {
      tables: this.#context.tables,
      family: this.#family,
      files: files.get(this.#family.record.number) ?? NO_FILES,
      time: this.#timeOf(position),
    };
  }

  /** In a later view, a shard is read at the time of the one that held its keys at first. */
  #timeOf(position: number): ReadTime {
    const { view: first, timestamp } = this.#start;
    const view = this.#view;
    if (view === first) return this.#times[position] as ReadTime;
    const origin = shardPosition(first.map, shardInterval(view, position).start);
    const settled = timestamp ?? settledTimestamp((first.shards[origin] as ShardState).head);
    const { expiryAt } = this.#times[origin] as ReadTime;
    return { ...pastTime(view.shards[position] as ShardState, this.#family, settled), expiryAt };
  }
}
