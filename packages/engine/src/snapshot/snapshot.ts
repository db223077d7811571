/**
 * Snapshots: a pinned view, consistent across shards.
 *
 * Invariants:
 * - Everything that the view references stays until the snapshot is closed, whatever compaction, truncation and
 *   garbage collection do.
 * - A snapshot whose pin was lost throws; it never reads on something newer.
 * - Up to its timestamp every shard of the view is settled: reads as of then agree with those of the store, for ever.
 */
import { ClorthoError, throwIfAborted } from '@clortho/base';
import {
  encodeHead,
  encodePinObject,
  type ManifestContext,
  type Pin,
  pinObjectKey,
  settledTimestamp,
} from '@clortho/manifest';
import type { Bytes, CallOptions, HistoryEntry, HistoryOptions, ReadOptions, ScanOptions } from '../api.ts';
import { keyBytes, owned } from '../input/bytes.ts';
import { ownedScan } from '../input/range.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { ObservedReader } from '../metrics/observed-reader.ts';
import { Reader, type ReaderContext } from '../read/reader.ts';
import type { Scan } from '../read/scan.ts';
import { newestCommit, type StoreView } from '../view/store-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import type { PinSession } from './pin-session.ts';

/** What a snapshot needs of its store. */
export interface SnapshotContext {
  readonly manifest: ManifestContext;
  readonly metrics: Metrics;
  readonly keeper: ViewKeeper;
  readonly session: PinSession;
  readonly reader: Omit<ReaderContext, 'source'>;
  /** Returns a view that is settled up to `timestamp` on every shard; absent where nothing may be changed. */
  readonly settle?: ((timestamp: number) => Promise<StoreView>) | undefined;
}

/** A read-only, pinned view of a store. */
export class Snapshot {
  readonly #context: SnapshotContext;
  readonly #view: StoreView;
  readonly #pin: Pin;
  readonly #reader: ObservedReader;
  #closed = false;

  /** Pins the newest state of all shards. */
  static async take(context: SnapshotContext): Promise<Snapshot> {
    const { manifest, keeper, session, settle } = context;
    const { view, pin } = await session.pin(async () => {
      const known = await keeper.refresh();
      // Not beyond now: a commit of a process whose clock runs ahead must not carry all shards along.
      const limit = context.reader.time === 'clock' ? context.reader.clock.now() : Number.MAX_SAFE_INTEGER;
      const newest = (await settle?.(Math.min(newestCommit(known), limit))) ?? known;
      const id = manifest.ids.mint(gcFloorOf(newest));
      const heads = newest.shards.map((state) => encodeHead(state.head));
      await manifest.objects.put(pinObjectKey(id), encodePinObject(heads));
      const times = newest.shards.map(({ head }) => [head.shard, settledTimestamp(head)] as const);
      return { view: newest, pin: { id, times } };
    });
    return new Snapshot(context, view, pin);
  }

  private constructor(context: SnapshotContext, view: StoreView, pin: Pin) {
    this.#context = context;
    this.#view = view;
    this.#pin = pin;
    const { session } = context;
    const { clock } = context.reader;
    const takenAt = clock.now();
    const reader = new Reader({
      ...context.reader,
      // What had not expired when the snapshot was taken stays visible in it.
      clock: {
        now: () => takenAt,
        monotonic: () => clock.monotonic(),
        sleep: (ms, signal) => clock.sleep(ms, signal),
      },
      source: {
        view,
        atLeast: async () => view,
        close: async (timestamp) => {
          const facts = `asOf=${timestamp} snapshot=${settledEverywhere(view)}`;
          throw new ClorthoError('CLORTHO_INVALID', `asOf lies beyond the snapshot: ${facts}`);
        },
        replace: async (lost) => {
          session.assertValid();
          throw lost;
        },
      },
    });
    this.#reader = new ObservedReader(reader, context.metrics);
  }

  /**
   * Everything committed up to this timestamp is in the snapshot, and nothing will be added below it: `asOf` reaches so
   * far. Later commits may be in it, too: those of other processes that came while it was taken, or whose clocks run ahead.
   * A read-only handle closes no time: there it is the earliest last commit of any shard, 0 if one has none.
   */
  get timestamp(): number {
    return settledEverywhere(this.#view);
  }

  /** Reads a key; see {@link Store.get}. */
  async get(key: Bytes, options: Omit<ReadOptions, 'atLeast'> = {}): Promise<Uint8Array | undefined> {
    this.#check(options);
    return this.#reader.get(key, options);
  }

  /** Reads several keys; see {@link Store.getMany}. */
  async getMany(
    keys: readonly Bytes[],
    options: Omit<ReadOptions, 'atLeast'> = {},
  ): Promise<(Uint8Array | undefined)[]> {
    this.#check(options);
    return this.#reader.getMany(keys, options);
  }

  /** Scans a range; see {@link Store.scan}. */
  scan(options: Omit<ScanOptions, 'atLeast'> = {}): Scan {
    const { signal } = options;
    return this.#reader.scan(ownedScan(options), () => this.#check({ signal }));
  }

  /** Lists the versions of a key; see {@link Store.history}. */
  history(key: Bytes, options: Omit<HistoryOptions, 'atLeast'> = {}): AsyncGenerator<HistoryEntry> {
    return this.#history(owned(key), options);
  }

  async *#history(key: Bytes, options: Omit<HistoryOptions, 'atLeast'>): AsyncGenerator<HistoryEntry> {
    this.#check(options);
    yield* this.#reader.history(keyBytes(key), options);
  }

  /** Lets go of the pin. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#context.session.unpin(this.#pin.id);
  }

  /** Closes the snapshot at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check({ signal }: CallOptions): void {
    throwIfAborted(signal);
    if (this.#closed) throw new ClorthoError('CLORTHO_CLOSED', 'the snapshot is closed');
    this.#context.session.assertValid();
  }
}

/** Returns the highest time that is settled on every shard. */
function settledEverywhere({ shards }: StoreView): number {
  return Math.min(...shards.map(({ head }) => settledTimestamp(head)));
}

/** Returns the id below which garbage collection deletes: the pin's object must not be born under it. */
function gcFloorOf(view: StoreView): string {
  return view.shards.reduce((highest, { head }) => (head.gcFloor > highest ? head.gcFloor : highest), '');
}
