/**
 * The commit path: batches queue, a group of them becomes whole SSTs, one compare-and-swap makes them visible.
 *
 *     write ──► queue ──► group ──► encode, upload ──► swap heads ──► publish
 *                           ▲           group n+1         group n
 *                           └── whatever waits when the uploader is free
 *
 * Swaps are one at a time and in order. Groups that can take no further batch are uploaded several at a time.
 *
 * Invariants:
 * - A batch is acknowledged only after its files are durable and its heads were swapped; it is visible here then.
 * - All batches of a group get one timestamp, above everything settled on every shard that the group touches.
 * - Batches that name their timestamp or carry conditions are a group of their own.
 * - A shard that a batch only read takes part in its swap: its floor rises to the commit timestamp.
 * - Rows go to the shards of the view that the swap is made on: where a shard was split meanwhile, they are sorted and
 *   uploaded again.
 * - Accepted bytes are bounded: beyond the limit `submit` waits, and no later batch overtakes one that does.
 * - Every accepted batch is settled: by its commit, or when it is abandoned, after which none is sent any more.
 */
import {
  type Budget,
  budget,
  type Clock,
  ClorthoError,
  type Random,
  Rounds,
  randomFraction,
  throwIfAborted,
} from '@clortho/base';
import {
  type FileEntry,
  type ManifestContext,
  mintToken,
  objectKey,
  type PreparedChange,
  prepareChanges,
  type ShardState,
  settledTimestamp,
  stampEdit,
  swapHeads,
} from '@clortho/manifest';
import type { WriteResult } from '../api.ts';
import type { ParsedBatch } from '../input/batch.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { noteCommit } from '../metrics/observed-write.ts';
import type { TimeMode } from '../options.ts';
import { Pace } from '../pace.ts';
import { newestCommit, type StoreView, stateOfShard } from '../view/store-view.ts';
import type { Tables } from '../view/tables.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { abortable } from './abortable.ts';
import type { BackPressure } from './back-pressure.ts';
import type { Condition } from './condition.ts';
import { type EncodedRows, encodeRows } from './encode-rows.ts';
import { type RowPlace, type RowSet, reduceBatches } from './reduce.ts';

/** What a batch asks of its commit. */
export interface CommitRequest {
  readonly batch: ParsedBatch;
  /** The commit timestamp, with external time. */
  readonly timestamp?: number | undefined;
  /** The shards of a view that the batch depends on: none may change before it commits, nor below it after. */
  readonly reads?: ((view: StoreView) => ReadonlySet<number>) | undefined;
  /** Throws unless the batch may commit on top of `view`; asked again after every lost race. */
  readonly condition?: Condition | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the commit path needs. */
export interface CommitterContext {
  readonly manifest: ManifestContext;
  readonly metrics: Metrics;
  readonly keeper: ViewKeeper;
  readonly tables: Tables;
  readonly time: TimeMode;
  readonly blockBytes: number;
  readonly queueBytes: number;
  readonly pressure: BackPressure;
}

interface Pending extends CommitRequest {
  /** Must not share a group with others. */
  readonly isAlone: boolean;
  /** Once it is part of what is sent, only the outcome can tell its caller. */
  readonly progress: { isSent: boolean };
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Upload {
  readonly file: EncodedRows;
  readonly entry: FileEntry;
}

/** The bytes after which a group takes no further batch. */
const GROUP_BYTES_MAX = 32 * 1024 * 1024;
/** How many groups of one batch are uploaded or committed at once: these cannot wait for each other in one group. */
const SOLO_GROUPS_MAX = 4;
/** How many rows are encoded between two looks at the clock. */
const ROWS_PER_LOOK = 16;
/** How often a lost race is tried again before the caller is told. */
const RACES_MAX = 100;

/** Commits batches in order of arrival. */
export class Committer {
  readonly #context: CommitterContext;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pace: Pace;
  #committedBytes = 0;
  /** The bytes of the queue. */
  readonly #room: Budget;
  readonly #rounds = new Rounds(
    () => this.#queue.length > 0,
    () => this.#round(),
  );
  #queue: Pending[] = [];
  /** The last commit that was begun; never rejects. */
  #committing: Promise<void> = Promise.resolve();
  /** The commits of groups that could not share one, oldest first: their uploads go on side by side. */
  readonly #ahead: Promise<void>[] = [];
  #lastTimestamp = 0;
  /** By how they are rejected: the batches that are not settled, and those of them that are in a swap. */
  readonly #unsettled = new Set<Pending['reject']>();
  #inSwap: readonly Pending[] = [];
  readonly #abandoned = new AbortController();

  /** Creates an idle committer. */
  constructor(context: CommitterContext) {
    this.#context = context;
    this.#clock = context.manifest.clock;
    this.#random = context.manifest.random;
    this.#pace = new Pace(this.#clock, 1);
    this.#room = budget(context.queueBytes);
  }

  /** The bytes of all files that were committed. */
  get committedBytes(): number {
    return this.#committedBytes;
  }

  /** How many batches and bytes were accepted and wait. */
  get queued(): { readonly batches: number; readonly bytes: number } {
    return { batches: this.#queue.length, bytes: this.#room.used };
  }

  /**
   * Commits a batch and returns its timestamp and token.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` if a named timestamp is not above what is settled, a condition does
   *   not hold, or races were lost too often; `CLORTHO_OUTCOME_UNKNOWN`, `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED`.
   */
  async submit(request: CommitRequest): Promise<WriteResult> {
    const { batch, signal } = request;
    const progress = { isSent: false };
    let unsettled: Pending['reject'] | undefined;
    try {
      const committed = new Promise<WriteResult>((resolve, reject) => {
        unsettled = reject;
        this.#unsettled.add(reject);
        const pending = { ...request, isAlone: false, progress, resolve, reject };
        this.#room.take(batch.bytes, signal, () => this.#admit(pending))?.catch(reject);
      });
      return await abortable(committed, signal, () => !progress.isSent);
    } finally {
      if (unsettled !== undefined) this.#unsettled.delete(unsettled);
    }
  }

  /** Waits until everything that was accepted is settled. */
  drain(): Promise<void> {
    return this.#rounds.rest();
  }

  /**
   * Gives up what is not settled and returns how many batches that are: one whose swap was sent fails with
   * `CLORTHO_OUTCOME_UNKNOWN`, all others with `CLORTHO_UNAVAILABLE`, and they will not be committed later either.
   */
  abandon(): number {
    const count = this.#unsettled.size;
    const cause = notCommitted();
    this.#abandoned.abort(cause);
    this.#release(this.#queue.splice(0));
    for (const { reject } of this.#inSwap) {
      const problem = 'the store was closed while the batch was being committed';
      reject(new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', `${problem}: batches=${this.#inSwap.length}`));
    }
    for (const reject of this.#unsettled) reject(cause);
    return count;
  }

  #admit(pending: Pending): void {
    if (this.#abandoned.signal.aborted) {
      this.#release([pending]);
      pending.reject(notCommitted());
      return;
    }
    this.#queue.push(pending);
    this.#rounds.wake();
  }

  /** Takes a group and begins its commit; with the last group, ends with it. */
  async #round(): Promise<void> {
    if (!(await this.#passPressure())) return;
    const group = this.#takeGroup();
    const pace = new Pace(this.#clock, ROWS_PER_LOOK);
    const sets = this.#reduce(group);
    if (sets !== undefined) {
      this.#release(group);
      const beganMs = this.#clock.monotonic();
      const uploaded = this.#upload(sets, pace);
      // A failed upload is reported by the commit below; until then it must not count as unhandled.
      const settled = uploaded.catch(() => undefined);
      if (this.#pace.isDue()) await this.#pace.pause();
      if (group.some(isSolo)) {
        this.#committing = this.#committing.then(() => this.#commit(group, uploaded, beganMs));
        this.#ahead.push(this.#committing);
        if (this.#ahead.length >= SOLO_GROUPS_MAX) await this.#ahead.shift();
      } else {
        // What arrives until then shares the next commit.
        await Promise.all([settled, this.#committing]);
        this.#committing = this.#commit(group, uploaded, beganMs);
      }
    }
    if (this.#queue.length === 0) await this.#committing;
  }

  /** Waits where compaction has fallen behind. If it does not catch up, refuses a group and returns `false`. */
  async #passPressure(): Promise<boolean> {
    const { pressure } = this.#context;
    if (pressure.loadOf(this.#queue) === 0) return true;
    // Its runs count, too: a limit is one for what is there once everything that was begun is committed.
    await this.#committing;
    if (pressure.loadOf(this.#queue) === 0) return true;
    try {
      await pressure.wait(() => this.#queue);
      return true;
    } catch (error) {
      const refused = this.#takeGroup();
      this.#release(refused);
      for (const pending of refused) pending.reject(error);
      return false;
    }
  }

  /** Takes what waits, up to the size of a group, dropping what was aborted. */
  #takeGroup(): Pending[] {
    const group: Pending[] = [];
    let bytes = 0;
    let taken = 0;
    for (const pending of this.#queue) {
      const { signal, batch } = pending;
      if (group.length > 0 && (isSolo(pending) || bytes + batch.bytes > GROUP_BYTES_MAX)) break;
      taken += 1;
      bytes += batch.bytes;
      if (signal?.aborted) {
        pending.reject(abortReason(signal));
        this.#release([pending]);
      } else group.push(pending);
      if (isSolo(pending) && group.length > 0) break;
    }
    this.#queue = this.#queue.slice(taken);
    return group;
  }

  /**
   * Returns the rows of a group. `undefined` if there are none to commit: an operand that its operator refuses fails
   * its own batch, so the batches of the group go back to be committed one by one.
   */
  #reduce(group: readonly Pending[]): readonly RowSet[] | undefined {
    if (group.length === 0) return undefined;
    try {
      return rowsOf(group, this.#context.keeper.view);
    } catch (error) {
      if (group.length > 1) {
        this.#queue = [...group.map((pending) => ({ ...pending, isAlone: true })), ...this.#queue];
        return undefined;
      }
      this.#release(group);
      group[0]?.reject(error);
      return undefined;
    }
  }

  /** Gives up the room of batches that left the queue. */
  #release(batches: readonly Pending[]): void {
    this.#room.give(batches.reduce((sum, { batch }) => sum + batch.bytes, 0));
  }

  async #upload(
    sets: readonly RowSet[],
    pace: Pace = new Pace(this.#clock, ROWS_PER_LOOK),
  ): Promise<readonly Upload[]> {
    const { blockBytes, keeper } = this.#context;
    const files: EncodedRows[] = [];
    for (const set of sets) files.push(await encodeRows(set, this.#random, blockBytes, pace));
    return Promise.all(files.map((file) => this.#put(file, gcFloorIn(keeper.view, file.place.shard))));
  }

  async #put(file: EncodedRows, floor: string): Promise<Upload> {
    const { ids, objects } = this.#context.manifest;
    const entry = file.entry(ids.mint(floor));
    await objects.put(objectKey(entry.id), file.bytes, { signal: this.#abandoned.signal });
    return { file, entry };
  }

  /** Commits a group and settles its batches; never rejects. */
  async #commit(
    group: readonly Pending[],
    uploaded: Promise<readonly Upload[]>,
    beganMs: number,
  ): Promise<void> {
    const { keeper, metrics } = this.#context;
    const token = mintToken(this.#random);
    let waiting = group;
    let race = 0;
    try {
      let uploads = await uploaded;
      for (; ; race += 1) {
        const left = withoutAborted(waiting);
        if (left.length === 0) return;
        if (left.length < waiting.length) {
          waiting = left;
          uploads = await this.#upload(rowsOf(left, keeper.view));
        }
        uploads = await this.#fit(waiting, uploads, keeper.view);
        const result = await this.#tryCommit(waiting, uploads, token);
        if (result !== undefined) {
          for (const pending of waiting) pending.resolve(result);
          noteCommit(metrics, { beganMs, batches: waiting.length, uploads, races: race });
          return;
        }
        if (race >= RACES_MAX) {
          throw new ClorthoError('CLORTHO_CONFLICT', `the commit lost ${race} races in a row`);
        }
        if (race > 2) await this.#clock.sleep(randomFraction(this.#random) * Math.min(2 ** race, 250));
        await keeper.refresh();
      }
    } catch (error) {
      for (const pending of waiting) pending.reject(error);
      noteCommit(metrics, { beganMs, batches: waiting.length, uploads: [], races: race, error });
    }
  }

  /** Returns the uploads as a swap on top of `view` takes them: rows in its shards, ids above its floors. */
  async #fit(
    group: readonly Pending[],
    uploads: readonly Upload[],
    view: StoreView,
  ): Promise<readonly Upload[]> {
    const isInPlace = (upload: Upload): boolean => stateOfShard(view, upload.file.place.shard) !== undefined;
    const kept = uploads.filter(isInPlace);
    const isKept = ({ shard, family }: RowPlace): boolean =>
      kept.some(({ file: { place } }) => place.shard === shard && place.family === family);
    const moved = kept.length === uploads.length ? [] : rowsOf(group, view);
    const added = await this.#upload(moved.filter((set) => !isKept(set)));
    return Promise.all(
      [...kept, ...added].map(async (upload) => {
        const floor = gcFloorIn(view, upload.file.place.shard);
        return upload.entry.id < floor ? this.#put(upload.file, floor) : upload;
      }),
    );
  }

  /** Returns what the group gets, or `undefined` if another change came first. */
  async #tryCommit(
    group: readonly Pending[],
    uploads: readonly Upload[],
    token: string,
  ): Promise<WriteResult | undefined> {
    const { manifest, keeper, tables } = this.#context;
    const { view } = keeper;
    const [{ condition, reads: readsIn, timestamp: named } = {}] = group;
    if (condition !== undefined) await condition(view);
    // A batch of range deletes over nothing changes nothing: it happens at the last commit.
    if (uploads.length === 0) return { timestamp: newestCommit(view), token: {} };
    const written = groupByShard(uploads);
    const reads = readsIn?.(view) ?? [];
    const touched = new Set([...written.keys(), ...reads]);
    if ([...touched].some((shard) => stateOfShard(view, shard) === undefined)) return undefined;
    const timestamp = this.#timestampFor(view, touched, readsIn !== undefined, named);
    const prepared = await this.#prepare(view, written, reads, token, timestamp);
    if (prepared === undefined) return undefined;
    if (group.length === 1) throwIfAborted(group[0]?.signal);
    if (this.#abandoned.signal.aborted) throw notCommitted();
    this.#inSwap = group;
    try {
      if ((await swapHeads(manifest, prepared)) === 'lost') return undefined;
    } finally {
      this.#inSwap = [];
    }
    await Promise.all(
      uploads.map(({ file, entry }) => tables.adopt({ ...entry, run: timestamp }, file.bytes)),
    );
    keeper.publish(prepared.map(({ next }) => next));
    for (const { entry } of uploads) this.#committedBytes += entry.bytes;
    this.#lastTimestamp = Math.max(this.#lastTimestamp, timestamp);
    const versions = prepared.map(({ shard, next }) => [shard, next.head.version] as const);
    return { timestamp, token: Object.fromEntries(versions) };
  }

  /** Returns the next heads, or `undefined` if the view is too old for that. */
  #prepare(
    view: StoreView,
    written: ReadonlyMap<number, readonly Upload[]>,
    reads: Iterable<number>,
    token: string,
    timestamp: number,
  ): Promise<readonly PreparedChange[] | undefined> {
    const writes = [...written].map(([shard, files]) => {
      const added = files.map(({ entry }) => entry);
      const edit = stampEdit({ token, timestamp, added, removed: [] }, timestamp);
      return { state: stateAt(view, shard), edit };
    });
    const raises = [...reads]
      .filter((shard) => !written.has(shard))
      .map((shard) => {
        const edit = { token, timestamp: 0, added: [], removed: [] };
        return { state: stateAt(view, shard), edit, patch: { floor: timestamp } };
      });
    return prepareChanges(this.#context.manifest, [...writes, ...raises]);
  }

  #timestampFor(
    view: StoreView,
    touched: ReadonlySet<number>,
    isTransaction: boolean,
    named: number | undefined,
  ): number {
    let settled = 0;
    for (const shard of touched) {
      settled = Math.max(settled, settledTimestamp(stateAt(view, shard).head));
    }
    if (named === undefined) {
      // A transaction comes after everything that this process has seen, on any shard.
      const seen = isTransaction ? newestCommit(view) : 0;
      return Math.max(this.#clock.now(), settled + 1, seen + 1, this.#lastTimestamp + 1);
    }
    if (named > settled) return named;
    throw new ClorthoError(
      'CLORTHO_CONFLICT',
      `the timestamp is not above what was committed or read: timestamp=${named} settled=${settled}`,
    );
  }
}

/** Tells whether a batch is a group of its own. */
function isSolo({ timestamp, condition, isAlone }: Pending): boolean {
  return timestamp !== undefined || condition !== undefined || isAlone;
}

/** Returns the rows of a group for the shards of a view. Throws what a merge operator throws. */
function rowsOf(group: readonly Pending[], view: StoreView): readonly RowSet[] {
  return reduceBatches(
    group.map(({ batch }) => batch),
    view.map,
  );
}

function stateAt(view: StoreView, shard: number): ShardState {
  const state = stateOfShard(view, shard);
  if (state === undefined) throw new TypeError('a routed batch has its shards');
  return state;
}

/** Returns the floor of new ids; none for a shard that is gone, whose rows will be uploaded again. */
function gcFloorIn(view: StoreView, shard: number): string {
  return stateOfShard(view, shard)?.head.gcFloor ?? '';
}

function groupByShard(uploads: readonly Upload[]): Map<number, Upload[]> {
  const groups = new Map<number, Upload[]>();
  for (const upload of uploads) {
    const { shard } = upload.file.place;
    const group = groups.get(shard);
    if (group === undefined) groups.set(shard, [upload]);
    else group.push(upload);
  }
  return groups;
}

/** Returns the batches that still want to be committed; the others are told that they were aborted. */
function withoutAborted(group: readonly Pending[]): readonly Pending[] {
  const left = group.filter(({ signal }) => signal?.aborted !== true);
  for (const { signal, reject } of group) if (signal?.aborted) reject(abortReason(signal));
  for (const { progress } of left) progress.isSent = true;
  return left;
}

function notCommitted(): ClorthoError {
  return new ClorthoError('CLORTHO_UNAVAILABLE', 'the store was closed before the batch was committed');
}

function abortReason(signal: AbortSignal): ClorthoError {
  return new ClorthoError('CLORTHO_ABORTED', 'the write was aborted before its commit', {
    cause: signal.reason,
  });
}
