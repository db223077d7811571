/** Strategies and merges over real files: whatever is planned, done and committed, every readable answer stays. */
import { isDeepStrictEqual } from 'node:util';
import { decodeUtf8, encodeUtf8, equalBytes } from '@clortho/base';
import { DELETE, END, MERGE, PUT, type RangeDelete, type Row } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayCursor } from '../../sim/array-cursor.ts';
import { EventModel, type Keep } from '../../sim/history/event-model.ts';
import {
  appendOperator,
  type CompactionState,
  collectGroup,
  type DropPlan,
  historyOf,
  historyWithNewest,
  type KeyRange,
  kvStrategy,
  logStrategy,
  type MergeJob,
  type MergePlan,
  type MovePlan,
  manualStrategy,
  type Plan,
  RangeDeleteIndex,
  type RowFilter,
  replacementOf,
  resolveAt,
  type Strategy,
  underWay,
  VersionGroup,
  type VersionRules,
} from '../../src/index.ts';
import { FileStore } from '../file-store.ts';
import { rangesOverlap } from '../ranges.ts';

const KEYS = Array.from({ length: 6 }, (_, index) => `key-${index}`);
const PLANS_MAX = 60;
/** Of the tests; as many runs as CLORTHO_RUNS says begin anywhere. */
const SEED = 20261123;
const VERSIONS = 3;
const KINDS = { put: PUT, del: DELETE, merge: MERGE } as const;

const key = fc.nat({ max: KEYS.length - 1 });
const commit = fc.record({
  type: fc.constant('commit' as const),
  gap: fc.nat({ max: 3 }),
  range: fc.option(fc.tuple(key, key), { nil: undefined, freq: 8 }),
  rows: fc.uniqueArray(
    fc.tuple(key, fc.constantFrom('put' as const, 'put' as const, 'del' as const, 'merge' as const)),
    {
      minLength: 1,
      maxLength: 5,
      selector: ([index]) => index,
    },
  ),
});
/** Files of a few puts are those that move. */
const puts = fc.record({
  type: fc.constant('commit' as const),
  gap: fc.nat({ max: 3 }),
  range: fc.constant(undefined),
  rows: fc.uniqueArray(fc.tuple(key, fc.constant('put' as const)), {
    minLength: 1,
    maxLength: 2,
    selector: ([index]) => index,
  }),
});
const step = fc.oneof(
  { weight: 8, arbitrary: commit },
  { weight: 5, arbitrary: puts },
  { weight: 4, arbitrary: fc.constant({ type: 'compact' as const }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('manual' as const), full: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('begin' as const), isRival: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ type: 'race' as const }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('finish' as const), index: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('horizon' as const), step: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pin' as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.constant({ type: 'unpin' as const }) },
);
const schedules = fc.record({
  keeps: fc.constantFrom('all', 'all', 'filtered', 'versions', 'no timestamps', 'no timestamps'),
  ttl: fc.option(fc.integer({ min: 5, max: 30 }), { nil: undefined }),
  kind: fc.constantFrom('kv' as const, 'kv' as const, 'kv' as const, 'log' as const),
  options: fc.record({
    levelZeroRuns: fc.integer({ min: 2, max: 4 }),
    deltaRuns: fc.integer({ min: 1, max: 8 }),
    deltaRunsMax: fc.integer({ min: 2, max: 8 }),
    baseBytesMin: fc.constantFrom(0, 0, 2000, 1e9),
    inputBytesMax: fc.constantFrom(500, 1500, 3000, Number.POSITIVE_INFINITY),
    partBytesMax: fc.constantFrom(1, 500, 1500, Number.POSITIVE_INFINITY),
    windowMicros: fc.constantFrom(3, 10),
    moveBytesMin: fc.constantFrom(1, 1e9),
  }),
  targetFileBytes: fc.constantFrom(1, 1, 10_000),
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
});
type Schedule = typeof schedules extends fc.Arbitrary<infer T> ? T : never;

/** A job that was executed and waits to be committed. Rivals do not know of each other's jobs. */
interface RunningJob {
  readonly plan: MergePlan | MovePlan;
  readonly isRival: boolean;
  commit(): boolean;
}

/** What happened over all schedules. */
const counts = { partial: 0, sideBySide: 0, lost: 0, moves: 0, forgotten: 0, archived: 0, filtered: 0 };

/** Every third value lives for a short time only, every fourth not at all. */
const keep: Keep = (value, timestamp) => {
  const serial = Number.parseInt(value, 10);
  return serial % 4 === 0 ? false : serial % 3 === 0 ? timestamp + 1 + (serial % 8) : true;
};
const filter: RowFilter = {
  name: 'test',
  version: 1,
  keep: (_, value, timestamp) => keep(decodeUtf8(value), timestamp),
};

/** A rule that is broken: what a finished job replaces, or what is planned. */
interface Broken {
  readonly replacement?: typeof replacementOf;
  readonly planned?: (plan: Plan, state: CompactionState) => Plan;
}

class Family {
  readonly #store: FileStore;
  readonly #model: EventModel;
  readonly #schedule: Schedule;
  readonly #ttl: number | undefined;
  readonly #planned: NonNullable<Broken['planned']>;
  #horizon = 0;
  #upper = 0;
  #pins: number[] = [];
  #serial = 0;
  #jobs: RunningJob[] = [];

  constructor(schedule: Schedule, { replacement = replacementOf, planned = (plan) => plan }: Broken) {
    this.#store = new FileStore(replacement);
    this.#planned = planned;
    this.#schedule = schedule.kind === 'log' ? { ...schedule, keeps: 'all' } : schedule;
    const { keeps, ttl } = this.#schedule;
    this.#ttl = keeps === 'all' || keeps === 'filtered' ? ttl : undefined;
    this.#model = new EventModel(this.#ttl, keeps === 'filtered' ? keep : undefined);
  }

  get #options(): Parameters<typeof kvStrategy>[0] {
    const { options, keeps } = this.#schedule;
    const versions = keeps === 'versions' ? VERSIONS : 0;
    return { ...options, ttlMicros: this.#ttl, versions, forgetTimestamps: keeps === 'no timestamps' };
  }

  get #filter(): RowFilter | undefined {
    return this.#schedule.keeps === 'filtered' ? filter : undefined;
  }

  async apply(next: Schedule['steps'][number]): Promise<void> {
    const { kind, options } = this.#schedule;
    const broken =
      (strategy: Strategy): Strategy =>
      (state) =>
        this.#planned(strategy(state), state);
    const strategy = broken(kind === 'log' ? logStrategy(options) : kvStrategy(this.#options));
    const manual = (full: boolean): Strategy => broken(manualStrategy({ ...this.#options, full }));
    switch (next.type) {
      case 'commit':
        return this.#commit(next);
      case 'compact':
        return this.#compact(strategy);
      case 'begin':
        return this.#begin(strategy, next.isRival);
      case 'finish':
        return this.#finish(next.index);
      case 'race': {
        const rival = kind === 'log' ? strategy : manual(false);
        for (const isRival of [false, true]) await this.#begin(rival, isRival);
        return;
      }
      case 'manual':
        if (kind === 'kv') await this.#compact(manual(next.full));
        return;
      case 'horizon':
        if (kind === 'kv') this.#horizon = Math.min(this.#upper, this.#horizon + next.step);
        return;
      case 'pin':
        this.#pins.push(this.#horizon + (next.at % (this.#upper - this.#horizon + 1)));
        return;
      case 'unpin':
        this.#pins.shift();
    }
  }

  check(): void {
    const all = this.#store.read(this.#store.files);
    const latestOnly = this.#store.read(this.#store.files.filter((file) => file.tier !== 'history'));
    const rules: VersionRules = {
      rangeDeletes: RangeDeleteIndex.of(all.rangeDeletes),
      ttlMicros: this.#ttl,
      operator: appendOperator,
      filter: this.#filter,
    };
    const times = [...this.#pins, this.#upper + (this.#ttl ?? 0)];
    for (let asOf = this.#horizon; asOf <= this.#upper; asOf += 1) times.push(asOf);
    for (const name of KEYS) {
      const group = groupOf(all.rows, name);
      for (const asOf of times)
        this.#same(valueAt(group, asOf, rules), this.#model.get(name, asOf), `get ${name} at ${asOf}`);
      const latest = groupOf(latestOnly.rows, name);
      this.#same(valueAt(latest, this.#upper, rules), this.#model.get(name, this.#upper), `latest ${name}`);
      const history = historyOf(group, this.#horizon, this.#upper + 1, rules, this.#horizon).map(legible);
      const expected = this.#model.history(name, this.#horizon, this.#upper + 1);
      same(history.length, expected.length, `history ${name}`);
      for (const [index, entry] of history.entries()) this.#same(entry, expected[index], `history ${name}`);
      if (this.#schedule.keeps === 'versions') this.#checkNewest(name, group, rules);
    }
    this.#checkShape();
  }

  /** Where timestamps are forgotten, one at or below the horizon may have become a later one, also there. */
  #same(actual: Stamped | undefined, expected: Stamped | undefined, what: string): void {
    if (this.#schedule.keeps !== 'no timestamps' || actual === undefined || expected === undefined) {
      same(actual, expected, what);
      return;
    }
    const { timestamp } = expected;
    const isForgotten = timestamp < actual.timestamp && actual.timestamp <= this.#horizon;
    if (isForgotten) counts.forgotten += 1;
    same(actual, { ...expected, timestamp: isForgotten ? actual.timestamp : timestamp }, what);
  }

  #checkNewest(name: string, group: VersionGroup, rules: VersionRules): void {
    const values = this.#model
      .history(name, Number.NEGATIVE_INFINITY, this.#upper + 1)
      .filter(({ kind }) => kind === 'put');
    const listed = historyWithNewest(group, VERSIONS, rules, this.#horizon)
      .map(legible)
      .filter(({ kind }) => kind === 'put');
    const recent = this.#model
      .history(name, this.#horizon, this.#upper + 1)
      .filter(({ kind }) => kind === 'put').length;
    if (listed.length > recent) counts.archived += 1;
    same(listed, values.slice(0, Math.max(recent, VERSIONS)), `newest versions of ${name}`);
  }

  #checkShape(): void {
    const runs = groupBy(
      this.#store.files.filter((file) => file.tier !== 'history'),
      (file) => (file.tier === 'delta' ? `run ${file.run}` : 'current'),
    );
    for (const [name, files] of runs) {
      files.forEach((file, index) => {
        const overlapping = files.slice(index + 1).find((other) => rangesOverlap(file, other));
        if (overlapping !== undefined) throw new Error(`${name}: ${file.id} overlaps ${overlapping.id}`);
      });
    }
    for (const file of this.#store.files) {
      const { summary } = this.#store.open(file);
      same(
        [file.bytes, file.tailBytes, file.rows],
        [summary.bytes, summary.tailBytes, summary.rows],
        `facts of ${file.id}`,
      );
      const isClipped = (row: Row): boolean => !rangesOverlap(file, { lower: row.key, upper: undefined });
      if (this.#store.read([file]).rows.some(isClipped))
        throw new Error(`${file.id} has rows outside of its bounds`);
    }
  }

  #state(isRival = false): CompactionState {
    const plans = this.#jobs.filter((job) => job.isRival === isRival).map(({ plan }) => plan);
    const { files } = this.#store;
    return { files, horizon: this.#horizon, pins: this.#pins, upper: this.#upper, ...underWay(plans) };
  }

  async #begin(strategy: Strategy, isRival: boolean): Promise<void> {
    // What a job drops is decided when it begins: later pins lie at or above its horizon.
    const plan = strategy(this.#state(isRival));
    if (plan.kind !== 'merge' && plan.kind !== 'move') return;
    const commit =
      plan.kind === 'move' ? this.#store.change(plan) : await this.#store.execute(this.#jobOf(plan));
    this.#jobs.push({ plan, isRival, commit });
    const intoBase = this.#jobs.filter(
      (job) => job.plan.kind === 'merge' && job.plan.output === 'base' && job.isRival === isRival,
    );
    if (intoBase.length > 1) counts.sideBySide += 1;
  }

  #finish(index: number): void {
    const [job] = this.#jobs.splice(index % Math.max(1, this.#jobs.length), 1);
    if (job === undefined) return;
    if (!job.commit()) counts.lost += 1;
    else this.#count(job.plan);
  }

  #jobOf(plan: MergePlan): MergeJob {
    const { targetFileBytes } = this.#schedule;
    const writer = { blockBytes: 64, codec: 'none' as const };
    const functions = this.#filter === undefined ? { operator: 'append' } : { filter: this.#filter };
    return { plan, ...functions, ttlMicros: this.#ttl, targetFileBytes, writer, salt: this.#serial };
  }

  #commit(next: Schedule['steps'][number] & { type: 'commit' }): void {
    this.#upper += 1 + next.gap;
    const timestamp = this.#upper;
    const rangeDeletes: RangeDelete[] = [];
    if (next.range !== undefined) {
      const [from, to] = [Math.min(...next.range), Math.max(...next.range)];
      rangeDeletes.push({
        start: encodeUtf8(KEYS[from] as string),
        end: encodeUtf8(`${KEYS[to]}+`),
        timestamp,
      });
      for (const name of KEYS.slice(from, to + 1))
        this.#model.add(name, { timestamp, kind: 'del', value: '' });
    }
    const rows = [...next.rows]
      .sort(([left], [right]) => left - right)
      .map(([index, drawn]): Row => {
        const kind = drawn === 'merge' && this.#filter !== undefined ? 'put' : drawn;
        const name = KEYS[index] as string;
        const value = kind === 'del' ? '' : `${this.#serial++};`;
        this.#model.add(name, { timestamp, kind, value });
        return { key: encodeUtf8(name), timestamp, kind: KINDS[kind], value: encodeUtf8(value) };
      });
    this.#store.commit(timestamp, rows, rangeDeletes);
  }

  #count(plan: MergePlan | MovePlan | DropPlan): void {
    if (plan.kind === 'move') counts.moves += 1;
    else if (plan.kind === 'merge' && plan.range !== undefined) counts.partial += 1;
    if (plan.kind === 'merge' && this.#filter !== undefined) counts.filtered += 1;
  }

  async #compact(strategy: Strategy): Promise<void> {
    for (let round = 0; round < PLANS_MAX; round += 1) {
      const plan = strategy(this.#state());
      same(strategy(this.#state()), plan, 'a strategy is deterministic');
      if (plan.kind === 'nothing') return;
      const commit =
        plan.kind === 'merge' ? await this.#store.execute(this.#jobOf(plan)) : this.#store.change(plan);
      if (!commit()) throw new Error('the plan is not valid');
      this.#count(plan);
      this.check();
    }
    throw new Error('the strategy never comes to rest');
  }
}

interface Stamped {
  readonly timestamp: number;
  readonly value?: string | undefined;
}

function legible({
  timestamp,
  kind,
  value,
}: ReturnType<typeof historyOf>[number]): Stamped & { kind: string } {
  return { timestamp, kind, value: value && decodeUtf8(value) };
}

function groupOf(rows: readonly Row[], name: string): VersionGroup {
  const group = new VersionGroup();
  const key = encodeUtf8(name);
  const cursor = new ArrayCursor(rows.filter((row) => equalBytes(row.key, key)));
  const step = cursor.seekFirst();
  if (step !== END) collectGroup(cursor, group, step);
  return group;
}

function valueAt(group: VersionGroup, asOf: number, rules: VersionRules): Stamped | undefined {
  const found = resolveAt(group, asOf, rules);
  if (found === undefined) return undefined;
  const { timestamp, valueBytes, valueStart, valueEnd } = found;
  return { timestamp, value: decodeUtf8(valueBytes.subarray(valueStart, valueEnd)) };
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

async function run(schedule: Schedule, broken: Broken = {}): Promise<void> {
  const family = new Family(schedule, broken);
  for (const next of schedule.steps) {
    await family.apply(next);
    family.check();
  }
  await family.apply({ type: 'compact' });
  family.check();
}

const putsOf = (...keys: number[]): Schedule['steps'] => [
  { type: 'commit', gap: 0, range: undefined, rows: keys.map((index) => [index, 'put']) },
];

/** An older run goes into base while newer ones, which the horizon has passed, are being merged. */
const BASE_BESIDE_DELTA: Schedule = {
  keeps: 'no timestamps',
  ttl: undefined,
  kind: 'kv',
  options: {
    levelZeroRuns: 2,
    deltaRuns: 1,
    deltaRunsMax: 8,
    baseBytesMin: 1e9,
    inputBytesMax: 1,
    partBytesMax: Number.POSITIVE_INFINITY,
    windowMicros: 10,
    moveBytesMin: 1e9,
  },
  targetFileBytes: 10_000,
  steps: [
    ...putsOf(0),
    ...putsOf(0, 1),
    { type: 'compact' },
    ...putsOf(0),
    ...putsOf(1),
    { type: 'begin', isRival: false },
    ...putsOf(2),
    { type: 'horizon', step: 9 },
    { type: 'begin', isRival: false },
    { type: 'manual', full: false },
    { type: 'finish', index: 0 },
  ],
};
const EXAMPLES: [Schedule][] = [[BASE_BESIDE_DELTA]];

describe('strategies and merges over files', () => {
  it('keep every readable answer, and come to rest', async () => {
    const { CLORTHO_RUNS } = process.env;
    await fc.assert(
      fc.asyncProperty(schedules, (schedule) => run(schedule)),
      {
        numRuns: Number(CLORTHO_RUNS ?? 150),
        examples: EXAMPLES,
        ...(CLORTHO_RUNS === undefined ? { seed: SEED } : {}),
      },
    );
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  }, 600_000);
});

const brokenRules: Readonly<Record<string, Broken>> = {
  'the inputs of a partial merge stay as they were': {
    replacement: (plan, before, files) => {
      const right = replacementOf(plan, before, files);
      return (
        right && {
          ...right,
          left: [...files].filter((file) => isCut(plan, file) && right.removed.has(file.id)),
        }
      );
    },
  },
  'the inputs of a partial merge go whole': {
    replacement: (plan, before, files) => {
      const right = replacementOf(plan, before, files);
      return right && { ...right, left: plan.kind === 'move' ? right.left : [] };
    },
  },
  'the oldest run stays behind': {
    planned: (plan) => {
      if (plan.kind !== 'merge' || plan.output !== 'base') return plan;
      const oldest = Math.min(...runsOf(plan));
      const inputs = plan.inputs.filter((file) => file.tier !== 'delta' || file.run !== oldest);
      return runsOf({ inputs }).length === 0 ? plan : { ...plan, inputs };
    },
  },
  'what overlaps in keys but not in time is no input': {
    planned: (plan) => {
      if (plan.kind !== 'merge' || plan.output !== 'base') return plan;
      const newest = plan.inputs.filter((file) => file.tier === 'delta');
      const since = Math.min(...newest.map((file) => file.minTimestamp));
      const inputs = plan.inputs.filter((file) => file.tier === 'delta' || file.maxTimestamp >= since);
      return { ...plan, inputs };
    },
  },
  'pins do not hold what merges drop': {
    planned: (plan) => (plan.kind === 'merge' ? { ...plan, readable: { ...plan.readable, pins: [] } } : plan),
  },
  'history goes by when its rows began': {
    planned: (plan, { files, horizon }) => {
      const begun = files.filter((file) => file.tier === 'history' && file.minTimestamp < horizon);
      return plan.kind === 'nothing' && begun.length > 0 ? { kind: 'drop', files: begun, reason: '' } : plan;
    },
  },
  'one version fewer is kept': {
    planned: (plan) =>
      plan.kind === 'merge' && plan.readable.versions !== undefined
        ? { ...plan, readable: { ...plan.readable, versions: VERSIONS - 1 } }
        : plan,
  },
  'timestamps are forgotten up to the horizon, whatever is in delta': {
    planned: (plan) =>
      plan.kind === 'merge' && plan.forgetUpTo !== undefined
        ? { ...plan, forgetUpTo: plan.readable.horizon }
        : plan,
  },
  'timestamps are forgotten under a pin': {
    planned: (plan) =>
      plan.kind === 'merge' && plan.readable.pins.length > 0 && plan.forgetUpTo === undefined
        ? { ...plan, forgetUpTo: Math.min(plan.readable.horizon, plan.run) }
        : plan,
  },
  'a file moves past older rows of its keys': {
    planned: (plan, state) => {
      const alone = state.files.filter((file) => file.tier !== 'delta' || file.run === state.upper);
      const moved = plan.kind === 'nothing' ? MOVING({ ...state, files: alone }) : plan;
      return moved.kind === 'move' ? moved : plan;
    },
  },
};

const MOVING = kvStrategy({ moveBytesMin: 1 });

function runsOf({ inputs }: Pick<MergePlan, 'inputs'>): number[] {
  return inputs.filter((file) => file.tier === 'delta').map((file) => file.run);
}

function isCut(plan: Parameters<typeof replacementOf>[0], file: KeyRange): boolean {
  return plan.kind === 'merge' && plan.range !== undefined && rangesOverlap(plan.range, file);
}

describe('a broken rule is caught', () => {
  for (const [name, broken] of Object.entries(brokenRules)) {
    it(name, async () => {
      const result = await fc.check(
        fc.asyncProperty(schedules, (schedule) => run(schedule, broken)),
        { numRuns: 3000, seed: SEED, endOnFailure: true, examples: EXAMPLES },
      );
      expect(result.failed).toBe(true);
    });
  }
});

function groupBy<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(name(item), [...(groups.get(name(item)) ?? []), item]);
  return groups;
}
