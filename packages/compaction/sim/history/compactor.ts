/**
 * A process that compacts, as the engine does it: what it looks at when, and how a job is committed.
 *
 *     look ──► pins ──► plan ──► run ──► replacement on the newest files ──► swap
 *      │         │                          ▲                                 │ lost: read the head again
 *      │         └ after the horizon        └─────────────────────────────────┘
 *      └ the horizon in the head, as this process last saw it
 *
 * Between any two of these, others commit, move the horizon, take snapshots and split the shard.
 *
 * Invariants:
 * - What a process does not know does no harm: its view may be old, and it knows no jobs but its own.
 */
import { decodeUtf8 } from '@clortho/base';
import type { RowFilter } from '../../src/filter/row-filter.ts';
import { executeMerge } from '../../src/merge/execute-merge.ts';
import { appendOperator } from '../../src/operator/built-in-operators.ts';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';
import type { MergePlan, Plan, Strategy, Work } from '../../src/strategy/plan.ts';
import { inputsOf, replacementOf, underWay } from '../../src/strategy/replacement.ts';
import type { VersionRules } from '../../src/versions/version-rules.ts';
import { strategyOf } from './choices.ts';
import { keepSome } from './event-model.ts';
import type { Objects } from './objects.ts';
import type { Choice, Setting } from './schedule.ts';
import { droppableBefore, type Shard } from './shard.ts';

/** What processes share. */
export interface Registers {
  /** Returns the newest state of all open shards. */
  read(): ReadonlyMap<number, Shard>;
  /** Returns whether `next` took the place of `expected`. */
  swap(expected: Shard, next: Shard): boolean;
  /** Returns what is pinned in a shard, or `everything`. */
  pins(shard: number): readonly number[] | 'everything';
}

interface Look {
  readonly state: Shard;
  readonly strategy: Strategy;
}

interface Job {
  readonly planned: Shard;
  readonly plan: Work;
}

/** Time stands still while a merge runs. */
const STILL = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };

/** What became of jobs, over all compactors. */
export interface JobCounts {
  committed: number;
  /** Of a range of keys only. */
  partial: number;
  moves: number;
  /** Others had written there. */
  refused: number;
  /** Failed, or their process ended. */
  lost: number;
  /** Begun while another job of the shard was under way. */
  beside: number;
}

/** See the module. */
export class Compactor {
  readonly #registers: Registers;
  readonly #objects: Objects;
  readonly #setting: Setting;
  readonly #counts: JobCounts;
  #view: ReadonlyMap<number, Shard> = new Map();
  #look: Look | undefined;
  #jobs: Job[] = [];
  #merges = 0;

  constructor(registers: Registers, objects: Objects, setting: Setting, counts: JobCounts) {
    this.#registers = registers;
    this.#objects = objects;
    this.#setting = setting;
    this.#counts = counts;
    this.refresh();
  }

  /** Reads the heads. */
  refresh(): void {
    this.#view = this.#registers.read();
  }

  /** Forgets everything that is not committed. */
  reopen(): void {
    this.#counts.lost += this.#jobs.length;
    this.#look = undefined;
    this.#jobs = [];
    this.refresh();
  }

  /** Looks whether there may be something to do in one of the shards that it knows. */
  look(shard: number, choice: Choice): void {
    const state = [...this.#view.values()][shard % this.#view.size] as Shard;
    const strategy = strategyOf(choice, this.#setting);
    if (this.#decide({ state, strategy }, []).kind !== 'nothing') this.#look = { state, strategy };
  }

  /** Begins the job that was looked for, with the pins of this moment; returns whether there is one. */
  begin(): boolean {
    const look = this.#look;
    this.#look = undefined;
    if (look === undefined) return false;
    const pins = this.#registers.pins(look.state.number);
    if (pins === 'everything') return false;
    const plan = this.#decide(look, pins);
    if (plan.kind === 'nothing') return false;
    if (this.#jobsIn(look.state.number).length > 0) this.#counts.beside += 1;
    this.#jobs.push({ planned: look.state, plan });
    return true;
  }

  /** Carries a job out and commits it if it may still be. */
  async finish(index: number): Promise<void> {
    const job = this.#take(index);
    if (job === undefined) return;
    const outputs = job.plan.kind === 'merge' ? await this.#execute(job.plan) : [];
    if (this.#commit(job, outputs)) {
      this.#counts.committed += 1;
      if (job.plan.kind === 'merge' && job.plan.range !== undefined) this.#counts.partial += 1;
      if (job.plan.kind === 'move') this.#counts.moves += 1;
    } else this.#counts.refused += 1;
  }

  /** A job fails: its outputs, if there are any, belong to nobody. */
  fail(index: number): void {
    if (this.#take(index) !== undefined) this.#counts.lost += 1;
  }

  /** How many jobs are under way. */
  get jobs(): number {
    return this.#jobs.length;
  }

  #decide({ state, strategy }: Look, pins: readonly number[]): Plan {
    const { files, upper, number } = state;
    const plans = this.#jobsIn(number).map((job) => job.plan);
    return strategy({ files, horizon: droppableBefore(state), pins, upper, ...underWay(plans) });
  }

  async #execute(plan: MergePlan): Promise<CompactionFile[]> {
    const outputs: CompactionFile[] = [];
    const { ttl, fileBytes, keeps } = this.#setting;
    const job = {
      plan,
      ...functionsOf(keeps),
      ttlMicros: ttl,
      targetFileBytes: fileBytes[this.#merges++ % 2],
      writer: { codec: 'none' },
    } as const;
    const emit: Parameters<typeof executeMerge>[1]['emit'] = async ({ file, chunks }) => {
      outputs.push(this.#objects.output(file, chunks));
    };
    await executeMerge(job, { open: this.#objects.source, emit }, { clock: STILL });
    return outputs;
  }

  #commit({ planned, plan }: Job, outputs: readonly CompactionFile[]): boolean {
    const tiers = tiersOf(plan);
    const inTiers = (files: readonly CompactionFile[]): CompactionFile[] =>
      files.filter(({ tier }) => tiers.has(tier));
    const before = inTiers(planned.files);
    for (;;) {
      const state = this.#view.get(planned.number);
      if (state === undefined) return false;
      const replacement = replacementOf(plan, before, inTiers(state.files));
      if (replacement === undefined) return false;
      const { removed, left } = replacement;
      const others = state.files.filter((file) => !removed.has(file.id));
      const next = { ...state, files: [...others, ...left, ...outputs] };
      const isApplied = this.#registers.swap(state, next);
      this.refresh();
      if (isApplied) return true;
    }
  }

  #take(index: number): Job | undefined {
    return this.#jobs.splice(index % Math.max(1, this.#jobs.length), 1)[0];
  }

  #jobsIn(shard: number): Job[] {
    return this.#jobs.filter(({ planned }) => planned.number === shard);
  }
}

/** Returns the operator or the filter of a family: it has one of them. */
export function functionsOf(keeps: Setting['keeps']): Pick<VersionRules, 'operator' | 'filter'> {
  return keeps === 'what a filter keeps' ? { filter: FILTER } : { operator: appendOperator };
}

const FILTER: RowFilter = {
  name: 'some',
  version: 1,
  keep: (_, value, timestamp) => keepSome(decodeUtf8(value), timestamp),
};

/** Current is looked at for what goes into base, even if no input is from there: others may write to it. */
function tiersOf(plan: Work): Set<CompactionFile['tier']> {
  const tiers = new Set(inputsOf(plan).map(({ tier }) => tier));
  if (plan.kind === 'move' || (plan.kind === 'merge' && plan.output === 'base')) tiers.add('current');
  return tiers;
}
