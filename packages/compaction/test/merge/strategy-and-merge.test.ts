/** Strategies and merges over real files: whatever is planned, done and committed, every readable answer stays. */
import { isDeepStrictEqual } from 'node:util';
import { decodeUtf8, encodeUtf8, equalBytes } from '@clortho/base';
import { DELETE, END, MERGE, PUT, type RangeDelete, type Row } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayCursor } from '../../sim/array-cursor.ts';
import { EventModel } from '../../sim/history/event-model.ts';
import {
  appendOperator,
  type CompactionState,
  collectGroup,
  historyOf,
  type KeyRange,
  kvStrategy,
  logStrategy,
  type MergeJob,
  type MergePlan,
  manualStrategy,
  RangeDeleteIndex,
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
const step = fc.oneof(
  { weight: 12, arbitrary: commit },
  { weight: 4, arbitrary: fc.constant({ type: 'compact' as const }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('manual' as const), full: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('begin' as const), isRival: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ type: 'race' as const }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('finish' as const), index: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('horizon' as const), step: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pin' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ type: 'unpin' as const }) },
);
const schedules = fc.record({
  ttl: fc.option(fc.integer({ min: 5, max: 30 }), { nil: undefined }),
  kind: fc.constantFrom('kv' as const, 'kv' as const, 'kv' as const, 'log' as const),
  options: fc.record({
    levelZeroRuns: fc.integer({ min: 2, max: 4 }),
    fanIn: fc.integer({ min: 2, max: 3 }),
    deltaRunsMax: fc.integer({ min: 2, max: 8 }),
    baseBytesMin: fc.constantFrom(0, 0, 2000, 1e9),
    inputBytesMax: fc.constantFrom(500, 1500, 3000, Number.POSITIVE_INFINITY),
    partBytesMax: fc.constantFrom(1, 500, 1500, Number.POSITIVE_INFINITY),
    windowMicros: fc.constantFrom(3, 10),
  }),
  targetFileBytes: fc.constantFrom(1, 1, 10_000),
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
});
type Schedule = typeof schedules extends fc.Arbitrary<infer T> ? T : never;

/** A job that was executed and waits to be committed. Rivals do not know of each other's jobs. */
interface RunningJob {
  readonly plan: MergePlan;
  readonly isRival: boolean;
  commit(): boolean;
}

/** What happened over all schedules. */
const counts = { partial: 0, sideBySide: 0, lost: 0 };

class Family {
  readonly #store: FileStore;
  readonly #model: EventModel;
  readonly #schedule: Schedule;
  #horizon = 0;
  #upper = 0;
  #pins: number[] = [];
  #serial = 0;
  #jobs: RunningJob[] = [];

  constructor(schedule: Schedule, replacement = replacementOf) {
    this.#store = new FileStore(replacement);
    this.#schedule = schedule;
    this.#model = new EventModel(schedule.ttl);
  }

  async apply(next: Schedule['steps'][number]): Promise<void> {
    const { kind, options, ttl } = this.#schedule;
    const strategy = kind === 'log' ? logStrategy(options) : kvStrategy({ ...options, ttlMicros: ttl });
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
        const rival = kind === 'log' ? strategy : manualStrategy({ ...options, ttlMicros: ttl });
        for (const isRival of [false, true]) await this.#begin(rival, isRival);
        return;
      }
      case 'manual':
        if (kind === 'kv')
          await this.#compact(manualStrategy({ ...options, ttlMicros: ttl, full: next.full }));
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
      ttlMicros: this.#schedule.ttl,
      operator: appendOperator,
    };
    const times = [...this.#pins, this.#upper + (this.#schedule.ttl ?? 0)];
    for (let asOf = this.#horizon; asOf <= this.#upper; asOf += 1) times.push(asOf);
    for (const name of KEYS) {
      const group = groupOf(all.rows, name);
      for (const asOf of times)
        same(valueAt(group, asOf, rules), this.#model.get(name, asOf), `get ${name} at ${asOf}`);
      const latest = groupOf(latestOnly.rows, name);
      same(valueAt(latest, this.#upper, rules), this.#model.get(name, this.#upper), `latest ${name}`);
      const history = historyOf(group, this.#horizon, this.#upper + 1, rules, this.#horizon).map((entry) => ({
        timestamp: entry.timestamp,
        kind: entry.kind,
        value: entry.value && decodeUtf8(entry.value),
      }));
      same(history, this.#model.history(name, this.#horizon, this.#upper + 1), `history ${name}`);
    }
    this.#checkShape();
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
    if (plan.kind !== 'merge') return;
    this.#jobs.push({ plan, isRival, commit: await this.#store.execute(this.#jobOf(plan)) });
    const intoBase = this.#jobs.filter((job) => job.plan.output === 'base' && job.isRival === isRival);
    if (intoBase.length > 1) counts.sideBySide += 1;
  }

  #finish(index: number): void {
    const [job] = this.#jobs.splice(index % Math.max(1, this.#jobs.length), 1);
    if (job === undefined) return;
    if (!job.commit()) counts.lost += 1;
    else if (job.plan.range !== undefined) counts.partial += 1;
  }

  #jobOf(plan: MergePlan): MergeJob {
    const { ttl, targetFileBytes } = this.#schedule;
    const writer = { blockBytes: 64, codec: 'none' as const };
    return { plan, operator: 'append', ttlMicros: ttl, targetFileBytes, writer, salt: this.#serial };
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
      .map(([index, kind]): Row => {
        const name = KEYS[index] as string;
        const value = kind === 'del' ? '' : `${this.#serial++};`;
        this.#model.add(name, { timestamp, kind, value });
        return { key: encodeUtf8(name), timestamp, kind: KINDS[kind], value: encodeUtf8(value) };
      });
    this.#store.commit(timestamp, rows, rangeDeletes);
  }

  async #compact(strategy: Strategy): Promise<void> {
    for (let round = 0; round < PLANS_MAX; round += 1) {
      const plan = strategy(this.#state());
      same(strategy(this.#state()), plan, 'a strategy is deterministic');
      if (plan.kind === 'nothing') return;
      if (plan.kind === 'drop') this.#store.drop(plan);
      else if (!(await this.#store.execute(this.#jobOf(plan)))()) throw new Error('the plan is not valid');
      else if (plan.range !== undefined) counts.partial += 1;
      this.check();
    }
    throw new Error('the strategy never comes to rest');
  }
}

function groupOf(rows: readonly Row[], name: string): VersionGroup {
  const group = new VersionGroup();
  const key = encodeUtf8(name);
  const cursor = new ArrayCursor(rows.filter((row) => equalBytes(row.key, key)));
  const step = cursor.seekFirst();
  if (step !== END) collectGroup(cursor, group, step);
  return group;
}

function valueAt(group: VersionGroup, asOf: number, rules: VersionRules): unknown {
  const found = resolveAt(group, asOf, rules);
  if (found === undefined) return undefined;
  const { timestamp, valueBytes, valueStart, valueEnd } = found;
  return { timestamp, value: decodeUtf8(valueBytes.subarray(valueStart, valueEnd)) };
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

async function run(schedule: Schedule, replacement = replacementOf): Promise<void> {
  const family = new Family(schedule, replacement);
  for (const next of schedule.steps) {
    await family.apply(next);
    family.check();
  }
  await family.apply({ type: 'compact' });
  family.check();
}

describe('strategies and merges over files', () => {
  it('keep every readable answer, and come to rest', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, (schedule) => run(schedule)),
      { numRuns: Number(process.env.CLORTHO_RUNS ?? 60) },
    );
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  }, 600_000);
});

const brokenRules: Readonly<Record<string, typeof replacementOf>> = {
  'the inputs of a partial merge stay as they were': (plan, before, files) => {
    const right = replacementOf(plan, before, files);
    return (
      right && {
        ...right,
        left: [...files].filter((file) => isCut(plan, file) && right.removed.has(file.id)),
      }
    );
  },
  'the inputs of a partial merge go whole': (plan, before, files) => {
    const right = replacementOf(plan, before, files);
    return right && { ...right, left: [] };
  },
};

function isCut(plan: Parameters<typeof replacementOf>[0], file: KeyRange): boolean {
  return plan.kind === 'merge' && plan.range !== undefined && rangesOverlap(plan.range, file);
}

describe('a broken rule of what a finished merge replaces is caught', () => {
  for (const [name, broken] of Object.entries(brokenRules)) {
    it(name, async () => {
      const result = await fc.check(
        fc.asyncProperty(schedules, (schedule) => run(schedule, broken)),
        { numRuns: 1000, seed: 20261123, endOnFailure: true },
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
