/**
 * Back-pressure: writes wait for compaction where it has fallen behind.
 *
 *     load    0 ─────────── soft limit ·············· hard limit ──────────►
 *     commit  at once       later and later           not before the load is below, or refused after a while
 *
 * A commit adds a run to every place that it touches, so commits are what is paced; batches that wait share the next one,
 * which makes fewer and larger runs of the same rows. What waits is bounded and abortable as ever: it is the queue.
 *
 * Invariants:
 * - Only places that the waiting batches write to count.
 * - Runs count only where a merge of them is due, so that whatever the limits are, compaction gets below them.
 * - A place where compaction keeps failing delays writes and never stops them: nobody would end the wait.
 */
import { type Clock, ClorthoError, isClorthoError } from '@clortho/base';
import { type FamilyFiles, shardPosition } from '@clortho/manifest';
import type { FamilyRecord } from '../catalog/record.ts';
import type { ParsedBatch } from '../input/batch.ts';
import type { FamilyOperations } from '../input/family-operations.ts';
import type { FamilyKind, Tuning } from '../options.ts';
import type { StoreView } from '../view/store-view.ts';
import { debtOf, dueRuns } from './debt.ts';

/** What writes waited for. */
export interface BackPressureStats {
  /** Where the places that are written to stand between the soft limit, 0, and the hard one, 1. */
  readonly load: number;
  /** Commits that were delayed, and for how long in all. */
  readonly delays: number;
  readonly delayMs: number;
  /** Commits that were stopped until compaction caught up, and for how long in all. */
  readonly stops: number;
  readonly stopMs: number;
  /** Commits that were refused because it did not. */
  readonly refusals: number;
}

/** What back-pressure needs. */
export interface BackPressureContext {
  readonly clock: Clock;
  readonly tuning: Tuning;
  view(): StoreView;
  family(number: number): FamilyRecord | undefined;
  /** Tells whether compaction keeps failing in a place. */
  isFailing(shard: number, family: string): boolean;
}

/** A limit: where delays begin, and where writes stop. */
interface Limit {
  readonly soft: number;
  readonly hard: number;
}

const MIB = 1024 * 1024;
/**
 * A read looks at every run of a `kv` family: twelve at most with Current. Runs of a log are merged late, and mostly told apart
 * by their keys.
 */
const RUNS: Readonly<Record<FamilyKind, Limit>> = { kv: { soft: 7, hard: 11 }, log: { soft: 64, hard: 256 } };
const BYTES: Limit = { soft: 512 * MIB, hard: 2048 * MIB };
/** The delay of a commit just below the hard limit. */
const DELAY_MS_MAX = 20;
/** How often a stopped commit looks again, and for how long. */
const LOOK_MS = 5;
const STOP_MS_MAX = 30_000;

/** See the module. */
export class BackPressure {
  readonly #context: BackPressureContext;
  readonly #runs: Readonly<Record<FamilyKind, Limit>>;
  readonly #bytes: Limit;
  readonly #released = new AbortController();
  /** By the delta array of a view, which is never changed in place. */
  readonly #dueRuns = new WeakMap<FamilyFiles['delta'], number>();
  #stats: BackPressureStats = { load: 0, delays: 0, delayMs: 0, stops: 0, stopMs: 0, refusals: 0 };

  /** Begins without having delayed anything. */
  constructor(context: BackPressureContext) {
    const { runsSoft, runsHard, debtBytesSoft, debtBytesHard } = context.tuning;
    this.#context = context;
    const runs = ({ soft, hard }: Limit): Limit => ({ soft: runsSoft ?? soft, hard: runsHard ?? hard });
    this.#runs = { kv: runs(RUNS.kv), log: runs(RUNS.log) };
    this.#bytes = { soft: debtBytesSoft ?? BYTES.soft, hard: debtBytesHard ?? BYTES.hard };
  }

  /** What was waited for so far. */
  get stats(): BackPressureStats {
    return this.#stats;
  }

  /** Returns the load of the places that `batches` write to: nothing is to be waited for if it is 0. */
  loadOf(batches: readonly { readonly batch: ParsedBatch }[]): number {
    const view = this.#context.view();
    const load = this.#isLoaded(view) ? this.#loadOf(view, batches) : 0;
    if (load !== this.#stats.load) this.#stats = { ...this.#stats, load };
    return load;
  }

  /**
   * Waits as long as the load of what `batches()` returns asks for.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if compaction did not catch up.
   */
  async wait(batches: () => readonly { readonly batch: ParsedBatch }[]): Promise<void> {
    const { clock } = this.#context;
    const begun = clock.monotonic();
    const waited = (): number => clock.monotonic() - begun;
    let isStopped = false;
    try {
      let load = this.loadOf(batches());
      for (; load >= 1; load = this.loadOf(batches())) {
        isStopped = true;
        if (waited() >= STOP_MS_MAX) throw this.#refusal();
        await clock.sleep(LOOK_MS, this.#released.signal);
      }
      if (!isStopped && load > 0) await clock.sleep(load * DELAY_MS_MAX, this.#released.signal);
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_ABORTED')) throw error; // Released: nothing waits any more.
    } finally {
      const { delays, delayMs, stops, stopMs } = this.#stats;
      this.#stats = isStopped
        ? { ...this.#stats, stops: stops + 1, stopMs: stopMs + waited() }
        : { ...this.#stats, delays: delays + 1, delayMs: delayMs + waited() };
    }
  }

  /** Ends all waiting, now and later: the store is being closed, and nobody compacts any more. */
  release(): void {
    this.#released.abort();
  }

  #refusal(): ClorthoError {
    this.#stats = { ...this.#stats, refusals: this.#stats.refusals + 1 };
    const facts = `load=${this.#stats.load.toFixed(2)} waitedMs=${STOP_MS_MAX}`;
    return new ClorthoError('CLORTHO_UNAVAILABLE', `compaction has fallen behind, back off: ${facts}`);
  }

  #isLoaded({ shards }: StoreView): boolean {
    if (this.#released.signal.aborted) return false;
    return shards.some(({ files }) =>
      [...files].some(([number, tree]) => {
        const record = this.#context.family(number);
        return record !== undefined && this.#loadOfFiles(tree, record) > 0;
      }),
    );
  }

  #loadOf(view: StoreView, batches: readonly { readonly batch: ParsedBatch }[]): number {
    let load = 0;
    const seen = new Set<FamilyFiles>();
    for (const { batch } of batches) {
      for (const operations of batch.families) {
        const { record } = operations.family;
        for (const position of positionsOf(view, operations)) {
          const state = view.shards[position];
          const tree = state?.files.get(record.number);
          if (state === undefined || tree === undefined || seen.has(tree)) continue;
          seen.add(tree);
          const own = this.#loadOfFiles(tree, record);
          load = Math.max(
            load,
            this.#context.isFailing(state.head.shard, record.name) ? Math.min(own, 0.99) : own,
          );
        }
      }
    }
    return load;
  }

  #loadOfFiles({ delta }: FamilyFiles, record: FamilyRecord): number {
    let runs = this.#dueRuns.get(delta);
    if (runs === undefined) {
      runs = dueRuns(delta, record, this.#context.tuning);
      this.#dueRuns.set(delta, runs);
    }
    return Math.max(0, loadOn(this.#runs[record.kind], runs), loadOn(this.#bytes, debtOf(delta).bytes));
  }
}

function loadOn({ soft, hard }: Limit, value: number): number {
  return (value - soft) / Math.max(1, hard - soft);
}

/** Returns the positions of the shards that operations write to. */
function positionsOf({ map }: StoreView, operations: FamilyOperations): Iterable<number> {
  if (map.splits.length === 0) return [0];
  const { bytes, kinds, keyStarts, valueStarts, ranges } = operations;
  const positions = new Set<number>();
  for (let index = 0; index < kinds.length; index += 1)
    positions.add(shardPosition(map, bytes.subarray(keyStarts[index], valueStarts[index])));
  for (const { start, end } of ranges) {
    const last = shardPosition(map, end);
    for (let position = shardPosition(map, start); position <= last; position += 1) positions.add(position);
  }
  return positions;
}
