/** Strategies and merges over real files: whatever is planned, done and committed, every readable answer stays. */
import { isDeepStrictEqual } from 'node:util';
import { decodeUtf8, encodeUtf8, equalBytes } from '@clortho/base';
import { DELETE, END, MERGE, PUT, type RangeDelete, type Row } from '@clortho/sst';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  appendOperator,
  type CompactionState,
  collectGroup,
  executeMerge,
  historyOf,
  kvStrategy,
  logStrategy,
  manualStrategy,
  RangeDeleteIndex,
  resolveAt,
  type Strategy,
  VersionGroup,
  type VersionRules,
} from '../../src/index.ts';
import { ArrayCursor } from '../array-cursor.ts';
import { FileStore } from '../file-store.ts';
import { rangesOverlap } from '../ranges.ts';
import { EventModel } from '../simulation/event-model.ts';

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
    windowMicros: fc.constantFrom(3, 10),
  }),
  targetFileBytes: fc.constantFrom(1, 1, 10_000),
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
});
type Schedule = typeof schedules extends fc.Arbitrary<infer T> ? T : never;

class Family {
  readonly #store = new FileStore();
  readonly #model: EventModel;
  readonly #schedule: Schedule;
  #horizon = 0;
  #upper = 0;
  #pins: number[] = [];
  #serial = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#model = new EventModel(schedule.ttl);
  }

  async apply(next: Schedule['steps'][number]): Promise<void> {
    const { kind, options, ttl } = this.#schedule;
    switch (next.type) {
      case 'commit':
        return this.#commit(next);
      case 'compact':
        return this.#compact(
          kind === 'log' ? logStrategy(options) : kvStrategy({ ...options, ttlMicros: ttl }),
        );
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

  #state(): CompactionState {
    return { files: this.#store.files, horizon: this.#horizon, pins: this.#pins, upper: this.#upper };
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
      if (plan.kind === 'drop') {
        this.#store.drop(plan.files);
      } else {
        const { ttl, targetFileBytes } = this.#schedule;
        const writer = { blockBytes: 64, codec: 'none' as const };
        const job = { plan, operator: 'append', ttlMicros: ttl, targetFileBytes, writer, salt: round };
        await executeMerge(job, this.#store.io);
        this.#store.install(plan);
      }
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

describe('strategies and merges over files', () => {
  it('keep every readable answer, and come to rest', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async (schedule) => {
        const family = new Family(schedule);
        for (const next of schedule.steps) await family.apply(next);
        await family.apply({ type: 'compact' });
        family.check();
      }),
      { numRuns: 50 },
    );
  });
});

function groupBy<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(name(item), [...(groups.get(name(item)) ?? []), item]);
  return groups;
}
