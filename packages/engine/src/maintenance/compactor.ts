/**
 * Compaction of an open store: asks the strategies of all families what to do, and does a few jobs at a time.
 *
 *     places ──► strategy ──► work ──► job 1 ──► commit        a place may have several jobs: what is under way is
 *                                      job 2 ──► commit        told to its strategy, which plans around it
 *
 * Invariants:
 * - Horizons come from the heads, and what is held is read after them: a job drops nothing that a snapshot needs.
 * - A job that fails does not come back at once: its place waits, longer with every failure, and others go on.
 * - Large work leaves a thread to small merges of what was just written, if there are several.
 * - Work is planned one place after the other, each on the newest view: two jobs never take the same keys of a file.
 */
import { availableParallelism } from 'node:os';
import { type Clock, isClorthoError, Rounds, throwIfAborted } from '@clortho/base';
import {
  compactionPool,
  executeMerge,
  inputsOf,
  type MergeProgress,
  type Plan,
  type Strategy,
  underWay,
  type Work,
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
import type { Metrics } from '../metrics/metrics.ts';
import { observedJob } from '../metrics/observed-job.ts';
import type { StoreEvent, Tuning } from '../options.ts';
import { type HeldReader, pinnedTimes } from '../snapshot/held.ts';
import { stateOfShard } from '../view/store-view.ts';
import type { Tables } from '../view/tables.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { ByteRate } from './byte-rate.ts';
import { CalmPlaces } from './calm-places.ts';
import { changeFiles, type JobContext, type MergeRunner, runMerge } from './compaction-job.ts';
import { type CompactionCounts, type CompactionStats, countJob, NO_COUNTS } from './compaction-stats.ts';
import { FAILURES_MAX, FailingPlaces } from './failing-places.ts';
import { type Place, placeKey } from './place.ts';
import { RestingShards } from './resting-shards.ts';
import { dueHorizon, retain } from './retain.ts';
import { manualStrategyOf, smallStrategyOf, strategyOf } from './strategies.ts';

/** What compaction needs. */
export interface CompactorContext {
  readonly manifest: ManifestContext;
  readonly metrics: Metrics;
  readonly keeper: ViewKeeper;
  readonly catalog: Catalog;
  readonly held: HeldReader;
  readonly tables: Tables;
  readonly tuning: Tuning;
  readonly onEvent?: ((event: StoreEvent) => void) | undefined;
}

/** What a call of `compact()` did. */
export type CompactResult = Pick<CompactionStats, 'jobs' | 'drops' | 'moves' | 'bytesRead' | 'bytesWritten'>;

/** A job under way; `ended` never rejects. */
interface Job {
  readonly place: Place;
  readonly work: Work;
  /** In microseconds. */
  readonly began: number;
  progress: MergeProgress;
  readonly ended: Promise<void>;
}

/** How to look at a place for something to do. */
interface Look {
  readonly place: Place;
  readonly strategy: Strategy;
  /** The strategy where only one more job may begin and others are under way; the same if absent. */
  readonly lastStrategy?: Strategy | undefined;
  /** Returns the files that are to be judged. */
  readonly filesOf: (state: ShardState) => readonly FileEntry[];
  /** Returns for how many microseconds nothing was committed; 0 if absent. */
  readonly restOf?: ((state: ShardState) => number) | undefined;
  /** Work to plan around, besides what is under way. */
  readonly leftAlone: readonly Work[];
  readonly onFailure: (work: Work, error: unknown) => void;
  /** Called if nothing is due in a state although nothing is under way. */
  readonly onCalm?: ((state: ShardState) => void) | undefined;
  readonly signal: AbortSignal;
}

/** What looking at a place came to. */
type Outcome = Job | 'nothing due' | 'under way' | 'held back' | 'all held';

/** How many jobs run at a time unless told otherwise: small merges of what was just written beside large ones. */
const JOBS_MAX = 3;
/** A thread each, as far as there are processors besides the one that the host runs on. Idle threads end. */
const THREADS = Math.min(JOBS_MAX, Math.max(1, availableParallelism() - 1));
/** After so long without a commit it is looked at what is worth doing while nobody writes, and then at times twice as far apart. */
const REST_MS_MIN = 1000;
const REST_LOOK_MS_MAX = 16_000;
/** How long everything may be held before a waiting job looks again. */
const HELD_MS = 50;

/** See the module. */
export class Compactor {
  readonly #context: CompactorContext;
  readonly #clock: Clock;
  readonly #job: JobContext;
  readonly #pool: ReturnType<typeof compactionPool> | undefined;
  readonly #stop = new AbortController();
  readonly #failing: FailingPlaces;
  readonly #calm: CalmPlaces;
  readonly #resting: RestingShards;
  /** It will be looked at again when nobody has written for longer. */
  #isRestAwaited = false;
  readonly #jobs = new Set<Job>();
  #counts: CompactionCounts = NO_COUNTS;
  #lastError: string | undefined;
  readonly #background = new Rounds(
    () => this.#isDirty && !this.#stop.signal.aborted,
    () => this.#lookEverywhere(),
  );
  #isStarted = false;
  /** Something may be due that the background has not seen. */
  #isDirty = false;
  #manual: Promise<unknown> = Promise.resolve();
  /** Resumes who waits for a {@link #change}. */
  #waiting: (() => void)[] = [];
  /** Planning is one at a time: between the look at what is under way and the start of a job, no other starts. */
  #planning: Promise<unknown> = Promise.resolve();

  /** Creates an idle compactor. */
  constructor(context: CompactorContext) {
    const { manifest, keeper, tables, tuning } = context;
    const threads = tuning.threads ?? THREADS;
    this.#context = context;
    this.#clock = manifest.clock;
    this.#calm = new CalmPlaces(tuning);
    this.#resting = new RestingShards(this.#clock);
    this.#failing = new FailingPlaces(this.#clock);
    // Or the runs that wait for the large merges would be what reads have to look at.
    const mergesPerThread = Math.ceil((tuning.jobs ?? JOBS_MAX) / threads);
    this.#pool = threads === 0 ? undefined : compactionPool({ threads, mergesPerThread });
    const pool = this.#pool;
    const run: MergeRunner =
      pool === undefined ? executeMerge : (job, io, options) => pool.run(job, io, options);
    const rate = new ByteRate(this.#clock, tuning.bytesPerSecond);
    this.#job = { manifest, keeper, tables, run, rate, tuning };
  }

  /** Begins to compact in the background, after every change of the view. */
  start(): void {
    this.#isStarted = true;
    this.#context.keeper.onChange(() => this.#wake());
    this.#wake();
  }

  /** Returns what was done so far. */
  stats(): CompactionStats {
    return {
      ...this.#counts,
      running: [...this.#jobs].map(({ place, work, progress }) => {
        const { shard, family } = place;
        return { shard, family: family.record.name, reason: work.reason, ...progress };
      }),
      failing: this.#failing.list(),
      lastError: this.#lastError,
    };
  }

  /** When the oldest job under way began, in microseconds. */
  get workingSince(): number | undefined {
    const [oldest] = this.#jobs; // In order of their beginning.
    return oldest?.began;
  }

  /** Tells whether compaction keeps failing in a place. */
  isFailing(shard: number, family: string): boolean {
    return this.#failing.list().some((place) => place.shard === shard && place.family === family);
  }

  /** Merges every family of every shard into its final place. */
  async compactAll(signal?: AbortSignal): Promise<CompactResult> {
    const before = this.#counts;
    const turn = this.#manual.then(() => this.#compactPlaces(signal));
    this.#manual = turn.catch(() => undefined);
    await turn;
    const after = this.#counts;
    return {
      jobs: after.jobs - before.jobs,
      drops: after.drops - before.drops,
      moves: after.moves - before.moves,
      bytesRead: after.bytesRead - before.bytesRead,
      bytesWritten: after.bytesWritten - before.bytesWritten,
    };
  }

  /** Aborts what is under way and releases the workers. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#poke();
    await Promise.all([this.#background.rest(), this.#manual, this.#pool?.close()]);
    await Promise.all([...this.#jobs].map(({ ended }) => ended));
  }

  async #compactPlaces(signal: AbortSignal | undefined): Promise<void> {
    const until = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    for (const place of this.#places()) await this.#compactPlace(place, until);
  }

  /** Does all there is to do in a place. Ends with its own jobs, the first error of which it throws. */
  async #compactPlace(place: Place, signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    const jobs: Promise<void>[] = [];
    const look: Look = {
      place,
      strategy: manualStrategyOf(place.family, this.#context.tuning),
      filesOf: (state) => allOf(state, place.family),
      leftAlone: [],
      onFailure: (_, error) => failures.push(error),
      signal,
    };
    try {
      await this.#retain(place, true);
      while (failures.length === 0) {
        throwIfAborted(signal);
        const outcome = await this.#next(look);
        if (typeof outcome === 'object') jobs.push(outcome.ended);
        else if (outcome === 'nothing due' || outcome === 'held back') break;
        else if (outcome === 'all held') await this.#clock.sleep(HELD_MS, signal);
        else if (outcome === 'under way' && this.#jobsIn(place).length > 0) await this.#change();
      }
    } finally {
      await Promise.all(jobs);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Looks again: whoever waits for a {@link #change}, and the background once it was started. */
  #wake(): void {
    this.#poke();
    if (!this.#isStarted) return;
    this.#isDirty = true;
    this.#background.wake();
  }

  /** Begins what the strategies want. Failures are counted, never thrown. */
  async #lookEverywhere(): Promise<void> {
    this.#isDirty = false;
    for (const place of this.#places()) await this.#attend(place);
  }

  /** Begins one job in the background if there is one to do. */
  async #attend(place: Place): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted || !this.#failing.isDue(place)) return;
    const { family } = place;
    const strategy = strategyOf(family, this.#context.tuning);
    const isKv = family.record.kind === 'kv';
    const leftAlone = this.#failing.leftAlone(place);
    const onFailure = (work: Work | undefined, error: unknown): void => {
      if (!signal.aborted) this.#noteFailure(place, work, error);
    };
    try {
      await this.#retain(place, false);
      const outcome = await this.#next({
        place,
        strategy,
        lastStrategy: smallStrategyOf(family, this.#context.tuning),
        filesOf: (state) =>
          isKv && this.#resting.microsOf(state) < 1000 * REST_MS_MIN
            ? this.#calm.filesToJudge(state, family, strategy)
            : allOf(state, family),
        restOf: (state) => this.#resting.microsOf(state),
        leftAlone,
        onFailure,
        onCalm: (state) => {
          if (!isKv) return;
          if (leftAlone.length === 0) this.#calm.note(state, family);
          this.#lookAtRest(state, family, strategy);
        },
        signal,
      });
      if (outcome === 'all held') await this.#clock.sleep(HELD_MS, signal);
      // There may be more to do beside a job that was begun.
      if (outcome === 'all held' || typeof outcome === 'object') this.#isDirty = true;
    } catch (error) {
      onFailure(undefined, error);
    }
  }

  /** Looks again later if there will be something to do once nobody has written for longer. */
  #lookAtRest(state: ShardState, family: Family, strategy: Strategy): void {
    const delta = state.files.get(family.record.number)?.delta ?? [];
    if (delta.length === 0 || this.#isRestAwaited) return;
    const restMs = this.#resting.microsOf(state) / 1000;
    if (restMs >= REST_MS_MIN) {
      const files = allOf(state, family);
      const plan = strategy({ ...judged(state, family, files, []), restMicros: Number.POSITIVE_INFINITY });
      if (plan.kind === 'nothing') return;
    }
    this.#isRestAwaited = true;
    const ms = Math.min(Math.max(REST_MS_MIN, restMs), REST_LOOK_MS_MAX);
    const look = (): void => {
      this.#isRestAwaited = false;
      this.#wake();
    };
    this.#clock.sleep(ms, this.#stop.signal).then(look, ignoreAborted);
  }

  /** Moves the horizon of a place if its retention wants it, before anybody looks at what can be dropped. */
  async #retain(place: Place, exactly: boolean): Promise<void> {
    const { manifest, keeper } = this.#context;
    const state = stateOfShard(keeper.view, place.shard);
    if (state === undefined || dueHorizon(state, place.family, exactly) === undefined) return;
    await retain(manifest, keeper, place, exactly);
  }

  /** Looks at a place and begins one job if there is one to do. */
  #next(look: Look): Promise<Outcome> {
    const turn = this.#planning.then(() => this.#plan(look));
    this.#planning = turn.catch(() => undefined);
    return turn;
  }

  async #plan(look: Look): Promise<Outcome> {
    const { place, signal } = look;
    const { keeper, held: reader, tuning } = this.#context;
    const jobsMax = tuning.jobs ?? JOBS_MAX;
    while (this.#jobs.size >= jobsMax) {
      await this.#change();
      throwIfAborted(signal);
    }
    const state = stateOfShard(keeper.view, place.shard);
    if (state === undefined) return 'nothing due'; // Split or merged away.
    const isLast = this.#jobs.size > 0 && this.#jobs.size === jobsMax - 1;
    const strategy = isLast ? (look.lastStrategy ?? look.strategy) : look.strategy;
    const files = look.filesOf(state);
    const restMicros = look.restOf?.(state);
    const decide = (pins: readonly number[]): Plan => {
      const work = [...this.#jobsIn(place).map((job) => job.work), ...look.leftAlone];
      return strategy({ ...judged(state, place.family, files, pins), restMicros, ...underWay(work) });
    };
    if (decide([]).kind === 'nothing') {
      // What is due after the jobs that are under way shows when they end.
      if (strategy !== look.strategy || this.#jobsIn(place).length > 0) return 'under way';
      look.onCalm?.(state);
      return 'nothing due';
    }
    const held = await reader.read();
    throwIfAborted(signal);
    if (held.everything) return 'all held';
    const work = decide(pinnedTimes(held, place.shard));
    if (work.kind !== 'nothing') return this.#begin(look, state, work);
    return this.#jobsIn(place).length > 0 ? 'under way' : 'held back';
  }

  #begin(look: Look, state: ShardState, work: Work): Job {
    const onProgress = (progress: MergeProgress): void => {
      job.progress = progress;
    };
    const began = this.#clock.now();
    const ended = this.#carryOut(look, state, work, onProgress).finally(() => {
      this.#jobs.delete(job);
      this.#wake();
    });
    const rowsTotal = inputsOf(work).reduce((sum, file) => sum + file.rows, 0);
    const progress = { rowsRead: 0, rowsTotal, bytesWritten: 0 };
    const job: Job = { place: look.place, work, began, progress, ended };
    this.#jobs.add(job);
    return job;
  }

  /** Carries out a job; how it ends is counted, or told to `onFailure`. */
  async #carryOut(
    { place, onFailure, signal }: Look,
    state: ShardState,
    work: Work,
    onProgress: (progress: MergeProgress) => void,
  ): Promise<void> {
    const { family } = place;
    try {
      const result = await observedJob(this.#context.metrics, place, work, async () => {
        if (work.kind === 'merge') return runMerge(this.#job, state, family, work, { signal, onProgress });
        return (await changeFiles(this.#job, state, family, work)) ? work.kind : undefined;
      });
      this.#counts = countJob(this.#counts, result);
      if (result !== undefined) this.#noteSuccess(place, work);
    } catch (error) {
      onFailure(work, error);
    }
  }

  #noteSuccess(place: Place, work: Work): void {
    const recovered = this.#failing.noteSuccess(place, work);
    if (recovered !== undefined) this.#context.onEvent?.({ type: 'compactionRecovered', place: recovered });
  }

  #noteFailure(place: Place, work: Work | undefined, error: unknown): void {
    const { failing, delaysMs } = this.#failing.note(place, work, error);
    this.#counts = { ...this.#counts, failures: this.#counts.failures + 1 };
    this.#lastError = failing.error;
    if (failing.failures === FAILURES_MAX)
      this.#context.onEvent?.({ type: 'compactionFailing', place: failing });
    for (const delayMs of delaysMs) {
      this.#clock.sleep(delayMs, this.#stop.signal).then(() => this.#wake(), ignoreAborted);
    }
  }

  /** Resolves when a job ended, or something else happened that is worth another look. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #poke(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #jobsIn(place: Place): readonly Job[] {
    return [...this.#jobs].filter((job) => placeKey(job.place) === placeKey(place));
  }

  #places(): Place[] {
    const { keeper, catalog } = this.#context;
    return keeper.view.shards.flatMap(({ head }) =>
      catalog.families.map((family) => ({ shard: head.shard, family })),
    );
  }
}

function allOf({ files }: ShardState, { record }: Family): readonly FileEntry[] {
  const { delta, current, history } = files.get(record.number) ?? NO_FILES;
  return [...delta, ...current, ...history];
}

function ignoreAborted(error: unknown): void {
  if (!isClorthoError(error, 'CLORTHO_ABORTED')) throw error;
}

function judged(
  { head }: ShardState,
  family: Family,
  files: readonly FileEntry[],
  pins: readonly number[],
): Parameters<Strategy>[0] {
  const horizon = family.record.kind === 'log' ? 0 : droppableBefore(head, family.record.number);
  return { files, horizon, pins, upper: head.upper };
}
