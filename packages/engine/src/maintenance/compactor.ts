/**
 * Compaction of an open store: asks the strategies of all families what to do, and does one job at a time.
 *
 * Invariants:
 * - Horizons come from the heads, and what is held is read after them: a job drops nothing that a snapshot needs.
 * - A job that fails does not come back at once: its place waits, longer with every failure, and others go on.
 */
import { type Clock, isClorthoError } from '@clortho/base';
import {
  compactionPool,
  executeMerge,
  kvStrategy,
  logStrategy,
  manualStrategy,
  type Plan,
  type Strategy,
} from '@clortho/compaction';
import {
  droppableBefore,
  type FileEntry,
  type ManifestContext,
  NO_FILES,
  type ShardState,
} from '@clortho/manifest';
import type { Catalog } from '../catalog/catalog.ts';
import type { Family } from '../catalog/family.ts';
import type { Tuning } from '../options.ts';
import { type HeldReader, pinnedTimes } from '../snapshot/held.ts';
import { stateOfShard } from '../view/store-view.ts';
import type { Tables } from '../view/tables.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { CalmPlaces } from './calm-places.ts';
import { dropFiles, type JobContext, type JobResult, type MergeRunner, runMerge } from './compaction-job.ts';

/** What compaction needs. */
export interface CompactorContext {
  readonly manifest: ManifestContext;
  readonly keeper: ViewKeeper;
  readonly catalog: Catalog;
  readonly held: HeldReader;
  readonly tables: Tables;
  readonly tuning: Tuning;
}

/** What compaction did since the store was opened. */
export interface CompactionStats {
  readonly jobs: number;
  readonly drops: number;
  /** Jobs whose inputs another process had replaced. */
  readonly lost: number;
  readonly failures: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** What the job under way is about. */
  readonly running: string | undefined;
  /** The message of the last failure. */
  readonly lastError: string | undefined;
}

/** What a call of `compact()` did. */
export type CompactResult = Pick<CompactionStats, 'jobs' | 'drops' | 'bytesRead' | 'bytesWritten'>;

/** A family of a shard. */
interface Place {
  readonly shard: number;
  readonly family: Family;
}

interface Failure {
  readonly count: number;
  readonly retryAt: number;
}

const RETRY_MS = 1000;
const RETRY_MS_MAX = 60_000;
/** How long everything may be held before a waiting job looks again. */
const HELD_MS = 50;

/** See the module. */
export class Compactor {
  readonly #context: CompactorContext;
  readonly #clock: Clock;
  readonly #job: JobContext;
  readonly #pool: ReturnType<typeof compactionPool> | undefined;
  readonly #stop = new AbortController();
  readonly #failures = new Map<string, Failure>();
  readonly #calm: CalmPlaces;
  #stats: CompactionStats = {
    jobs: 0,
    drops: 0,
    lost: 0,
    failures: 0,
    bytesRead: 0,
    bytesWritten: 0,
    rowsRead: 0,
    rowsWritten: 0,
    running: undefined,
    lastError: undefined,
  };
  #background: Promise<void> | undefined;
  #dirty = false;
  #manual: Promise<unknown> = Promise.resolve();

  /** Creates an idle compactor. */
  constructor(context: CompactorContext) {
    const { manifest, keeper, tables, tuning } = context;
    const threads = tuning.threads ?? 1;
    this.#context = context;
    this.#clock = manifest.clock;
    this.#calm = new CalmPlaces(tuning);
    this.#pool = threads === 0 ? undefined : compactionPool({ threads });
    const pool = this.#pool;
    const run: MergeRunner =
      pool === undefined ? executeMerge : (job, io, options) => pool.run(job, io, options);
    this.#job = { manifest, keeper, tables, run, tuning };
  }

  /** Begins to compact in the background, after every change of the view. */
  start(): void {
    this.#context.keeper.onChange(() => this.#wake());
    this.#wake();
  }

  /** Returns what was done so far. */
  stats(): CompactionStats {
    return this.#stats;
  }

  /** Merges every family of every shard into its final place. */
  async compactAll(signal?: AbortSignal): Promise<CompactResult> {
    const before = this.#stats;
    const turn = this.#manual.then(() => this.#compactPlaces(signal));
    this.#manual = turn.catch(() => undefined);
    await turn;
    const after = this.#stats;
    return {
      jobs: after.jobs - before.jobs,
      drops: after.drops - before.drops,
      bytesRead: after.bytesRead - before.bytesRead,
      bytesWritten: after.bytesWritten - before.bytesWritten,
    };
  }

  /** Aborts what is under way and releases the workers. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#background, this.#manual, this.#pool?.close()]);
  }

  async #compactPlaces(signal: AbortSignal | undefined): Promise<void> {
    const until = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    for (const { shard, family } of this.#places()) {
      const strategy = this.#manualStrategy(family);
      const doNext = async (): Promise<boolean> => {
        const state = stateOfShard(this.#context.keeper.view, shard);
        if (state === undefined) return false;
        return (await this.#doNext(state, family, allOf(state, family), strategy, until)) === 'done';
      };
      while (await doNext());
    }
  }

  #wake(): void {
    this.#dirty = true;
    if (this.#stop.signal.aborted) return;
    this.#background ??= this.#work();
  }

  /**
   * Does what the strategies want until they want nothing, and says so in the turn that finds out: what comes after it
   * starts anew. Failures are counted, never thrown.
   */
  async #work(): Promise<void> {
    await Promise.resolve(); // What changes in one turn is looked at once.
    while (this.#dirty && !this.#stop.signal.aborted) {
      this.#dirty = false;
      for (const place of this.#places()) await this.#attendSafely(place);
    }
    this.#background = undefined;
  }

  async #attendSafely(place: Place): Promise<void> {
    if (this.#stop.signal.aborted || !this.#isDue(place)) return;
    try {
      await this.#attend(place);
      this.#failures.delete(keyOf(place));
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#noteFailure(place, error);
    }
  }

  /** Does one job in the background if there is one to do. */
  async #attend(place: Place): Promise<void> {
    const { shard, family } = place;
    const strategy = this.#strategy(family);
    const state = stateOfShard(this.#context.keeper.view, shard);
    if (state === undefined) return; // Split or merged away.
    const isKv = family.record.kind === 'kv';
    const files = isKv ? this.#calm.filesToJudge(state, family, strategy) : allOf(state, family);
    const outcome = await this.#doNext(state, family, files, strategy, this.#stop.signal);
    if (outcome === 'done') this.#dirty = true;
    else if (outcome === 'nothing due' && isKv) this.#calm.note(state, family);
  }

  /** Does one job if there is one to do. What is due may be held back by what is pinned. */
  async #doNext(
    state: ShardState,
    family: Family,
    files: readonly FileEntry[],
    strategy: Strategy,
    signal: AbortSignal,
  ): Promise<'done' | 'nothing due' | 'held back'> {
    const { shard } = state.head;
    if (strategy(inputsOf(state, family, files, [])).kind === 'nothing') return 'nothing due';
    const held = await this.#context.held.read();
    if (held.everything) {
      await this.#clock.sleep(HELD_MS, signal);
      return 'done';
    }
    const plan = strategy(inputsOf(state, family, files, pinnedTimes(held, shard)));
    if (plan.kind === 'nothing') return 'held back';
    this.#stats = { ...this.#stats, running: `${family.record.name}: ${plan.reason}` };
    try {
      this.#count(await this.#carryOut(shard, family, plan, signal));
    } finally {
      this.#stats = { ...this.#stats, running: undefined };
    }
    return 'done';
  }

  async #carryOut(
    shard: number,
    family: Family,
    plan: Exclude<Plan, { kind: 'nothing' }>,
    signal: AbortSignal,
  ): Promise<JobResult | 'dropped' | undefined> {
    if (plan.kind === 'merge') return runMerge(this.#job, shard, family, plan, signal);
    return (await dropFiles(this.#job, shard, family, plan.files)) ? 'dropped' : undefined;
  }

  #count(result: JobResult | 'dropped' | undefined): void {
    const stats = this.#stats;
    if (result === undefined) this.#stats = { ...stats, lost: stats.lost + 1 };
    else if (result === 'dropped') this.#stats = { ...stats, drops: stats.drops + 1 };
    else {
      this.#stats = {
        ...stats,
        jobs: stats.jobs + 1,
        bytesRead: stats.bytesRead + result.bytesRead,
        bytesWritten: stats.bytesWritten + result.bytesWritten,
        rowsRead: stats.rowsRead + result.rowsRead,
        rowsWritten: stats.rowsWritten + result.rowsWritten,
      };
    }
  }

  #noteFailure(place: Place, error: unknown): void {
    const count = (this.#failures.get(keyOf(place))?.count ?? 0) + 1;
    const delayMs = Math.min(RETRY_MS * 2 ** (count - 1), RETRY_MS_MAX);
    this.#failures.set(keyOf(place), { count, retryAt: this.#clock.monotonic() + delayMs });
    const lastError = error instanceof Error ? error.message : String(error);
    this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastError };
    this.#clock.sleep(delayMs, this.#stop.signal).then(
      () => this.#wake(),
      (aborted: unknown) => {
        if (!isClorthoError(aborted, 'CLORTHO_ABORTED')) throw aborted;
      },
    );
  }

  #isDue(place: Place): boolean {
    const failure = this.#failures.get(keyOf(place));
    return failure === undefined || this.#clock.monotonic() >= failure.retryAt;
  }

  #places(): Place[] {
    const { keeper, catalog } = this.#context;
    return keeper.view.shards.flatMap(({ head }) =>
      catalog.families.map((family) => ({ shard: head.shard, family })),
    );
  }

  #strategy(family: Family): Strategy {
    return family.record.kind === 'log' ? this.#logStrategy(family) : kvStrategy(this.#kvOptions(family));
  }

  #manualStrategy(family: Family): Strategy {
    return family.record.kind === 'log' ? this.#logStrategy(family) : manualStrategy(this.#kvOptions(family));
  }

  #kvOptions(family: Family): Parameters<typeof kvStrategy>[0] {
    const { fanIn, runsMax, historyBucketMs } = this.#context.tuning;
    return {
      ...(fanIn === undefined ? {} : { fanIn, levelZeroRuns: fanIn }),
      ...(runsMax === undefined ? {} : { deltaRunsMax: runsMax }),
      ...(historyBucketMs === undefined ? {} : { windowMicros: historyBucketMs * 1000 }),
      ...(family.record.ttlMs === 0 ? {} : { ttlMicros: family.record.ttlMs * 1000 }),
    };
  }

  #logStrategy({ record }: Family): Strategy {
    return logStrategy({
      windowMicros: record.windowMs * 1000,
      ...(record.retainMs === 0 ? {} : { retentionMicros: record.retainMs * 1000 }),
      ...(record.retainBytes === 0 ? {} : { bytesMax: record.retainBytes }),
    });
  }
}

function allOf({ files }: ShardState, { record }: Family): readonly FileEntry[] {
  const { delta, current, history } = files.get(record.number) ?? NO_FILES;
  return [...delta, ...current, ...history];
}

function inputsOf(
  { head }: ShardState,
  family: Family,
  files: readonly FileEntry[],
  pins: readonly number[],
): Parameters<Strategy>[0] {
  const horizon = family.record.kind === 'log' ? 0 : droppableBefore(head, family.record.number);
  return { files, horizon, pins, upper: head.upper };
}

function keyOf({ shard, family }: Place): string {
  return `${shard}/${family.record.number}`;
}
