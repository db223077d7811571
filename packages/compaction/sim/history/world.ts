/**
 * A family of files as plain rows, driven by random steps and compared with the model after each.
 *
 * The reducers under test are parameters, so that broken ones can be shown to be caught.
 */
import { isDeepStrictEqual } from 'node:util';
import { compareBytes, decodeUtf8, EMPTY_BYTES, encodeUtf8, equalBytes } from '@clortho/base';
import { DELETE, END, MERGE, NEVER, PUT, type RangeDelete, type Row } from '@clortho/sst';
import type { MergeRules, RowSink } from '../../src/merge/merge-rules.ts';
import { reduceBase } from '../../src/merge/reduce-base.ts';
import { reduceDelta } from '../../src/merge/reduce-delta.ts';
import { reduceHistory } from '../../src/merge/reduce-history.ts';
import { appendOperator } from '../../src/operator/built-in-operators.ts';
import { historyWindow } from '../../src/strategy/history-window.ts';
import { isReadable } from '../../src/strategy/readable.ts';
import { clipRangeDeletes, type KeyRange } from '../../src/versions/clip-range-deletes.ts';
import { collectGroup } from '../../src/versions/collect-group.ts';
import { historyOf } from '../../src/versions/history-of.ts';
import { RangeDeleteIndex } from '../../src/versions/range-delete-index.ts';
import { type Resolved, resolveAt } from '../../src/versions/resolve-at.ts';
import { VersionGroup } from '../../src/versions/version-group.ts';
import type { VersionRules } from '../../src/versions/version-rules.ts';
import { ArrayCursor } from '../array-cursor.ts';
import { type Answer, EventModel } from './event-model.ts';

const KEYS = ['a', 'b', 'c'] as const;

/** Plain data: numbers are taken modulo what there is, so that shrinking keeps every step meaningful. */
export type WorldStep =
  | {
      readonly type: 'commit';
      readonly gap: number;
      readonly range: readonly [number, number] | undefined;
      readonly rows: readonly (readonly [key: number, kind: 'put' | 'del' | 'merge'])[];
    }
  | { readonly type: 'mergeDelta'; readonly first: number; readonly count: number }
  | {
      readonly type: 'mergeBase';
      readonly count: number;
      /** The first and the last key that are merged; all if absent. */
      readonly keys?: readonly [number, number] | undefined;
    }
  | { readonly type: 'mergeHistory' }
  | { readonly type: 'dropHistory' }
  | { readonly type: 'horizon'; readonly step: number }
  | { readonly type: 'pin'; readonly at: number }
  | { readonly type: 'unpin'; readonly index: number };

/** What a mutant may replace. */
export interface Behaviour {
  readonly reduceDelta: typeof reduceDelta;
  readonly reduceBase: typeof reduceBase;
  readonly rangeDeletesOf: (rangeDeletes: readonly RangeDelete[]) => readonly RangeDelete[];
  readonly baseRuns: (runs: readonly DeltaRun[], count: number) => readonly DeltaRun[];
  readonly rulesOf: (rules: MergeRules) => MergeRules;
  /** Returns what a merge of a range of keys leaves of a run. */
  readonly leftOf: (run: DeltaRun, range: KeyRange) => DeltaRun;
  /** Returns the time at which the last of the rows of a History file ended. */
  readonly endOf: (rows: readonly Row[]) => number;
  /** Tells whether a batch has a row of this key already. */
  readonly isDouble: (keys: ReadonlySet<string>, key: string) => boolean;
}

export const CORRECT: Behaviour = {
  reduceDelta,
  reduceBase,
  rangeDeletesOf: (rangeDeletes) => rangeDeletes,
  baseRuns: (runs, count) => runs.slice(0, count),
  rulesOf: (rules) => rules,
  endOf: (rows) => Math.max(...rows.map((row) => row.endTimestamp as number)),
  isDouble: (keys, key) => keys.has(key),
  leftOf: (run, { lower, upper }) => {
    const below = partOf(run, { lower: EMPTY_BYTES, upper: lower });
    const above = upper === undefined ? undefined : partOf(run, { lower: upper, upper: undefined });
    return {
      run: run.run,
      rows: [...below.rows, ...(above?.rows ?? [])],
      rangeDeletes: [...below.rangeDeletes, ...(above?.rangeDeletes ?? [])],
    };
  },
};

export interface DeltaRun {
  readonly run: number;
  readonly rows: readonly Row[];
  readonly rangeDeletes: readonly RangeDelete[];
}

const WINDOW = 4;

export class World {
  readonly #behaviour: Behaviour;
  readonly #ttl: number | undefined;
  readonly #model: EventModel;
  /** Oldest first. */
  #runs: DeltaRun[] = [];
  #current: Row[] = [];
  #history: Row[][] = [];
  #horizon = 0;
  #pins: number[] = [];
  #upper = 0;
  #serial = 0;

  constructor(ttl: number | undefined, behaviour: Behaviour = CORRECT) {
    this.#ttl = ttl;
    this.#behaviour = behaviour;
    this.#model = new EventModel(ttl);
  }

  apply(step: WorldStep): void {
    switch (step.type) {
      case 'commit':
        return this.#commit(step);
      case 'mergeDelta':
        return this.#mergeDelta(step.first, step.count);
      case 'mergeBase':
        return this.#mergeBase(1 + (step.count % Math.max(1, this.#runs.length)), rangeOf(step.keys));
      case 'mergeHistory':
        return this.#mergeHistory();
      case 'dropHistory':
        this.#history = this.#history.filter((rows) =>
          isReadable(
            { horizon: this.#horizon, pins: this.#pins },
            Math.min(...rows.map((row) => row.timestamp)),
            this.#behaviour.endOf(rows),
          ),
        );
        return;
      case 'horizon':
        this.#horizon = Math.min(this.#upper, this.#horizon + step.step);
        return;
      case 'pin':
        this.#pins.push(this.#horizon + (step.at % (this.#upper - this.#horizon + 1)));
        return;
      case 'unpin':
        this.#pins.splice(step.index % Math.max(1, this.#pins.length), 1);
    }
  }

  /** Throws unless every key has the model's answer at every readable time, and its history; returns how many answers. */
  check(): number {
    const files = [...this.#runs.map((run) => run.rows), this.#current];
    const times = this.#readableTimes();
    const rules = this.#readRules();
    for (const key of KEYS) {
      const group = groupOf([...files, ...this.#history], key);
      for (const asOf of times) {
        const expected = this.#model.get(key, asOf);
        const actual = answerOf(resolveAt(group, asOf, rules));
        if (actual?.timestamp === expected?.timestamp && actual?.value === expected?.value) continue;
        expectSame(actual, expected, `get ${key} at ${asOf}`);
      }
      const latest = resolveAt(groupOf(files, key), this.#upper, rules);
      expectSame(
        latest?.timestamp,
        this.#model.get(key, this.#upper)?.timestamp,
        `latest ${key} without history`,
      );
      const history = historyOf(group, this.#horizon, this.#upper + 1, rules, this.#horizon).map((entry) => ({
        timestamp: entry.timestamp,
        kind: entry.kind,
        value: entry.value === undefined ? undefined : decodeUtf8(entry.value),
      }));
      expectSame(history, this.#model.history(key, this.#horizon, this.#upper + 1), `history ${key}`);
    }
    return KEYS.length * (times.length + 2);
  }

  #readableTimes(): number[] {
    const times = [...this.#pins];
    for (let asOf = this.#horizon; asOf <= this.#upper; asOf += 1) times.push(asOf);
    // Expiry goes on after the last commit.
    if (this.#ttl !== undefined) times.push(this.#upper + 1, this.#upper + this.#ttl);
    return times;
  }

  #readRules(): VersionRules {
    const rangeDeletes = this.#runs.flatMap((run) => this.#behaviour.rangeDeletesOf(run.rangeDeletes));
    return {
      rangeDeletes: RangeDeleteIndex.of(rangeDeletes),
      ttlMicros: this.#ttl,
      operator: appendOperator,
    };
  }

  #mergeRules(runs: readonly DeltaRun[]): MergeRules {
    const rangeDeletes = runs.flatMap((run) => this.#behaviour.rangeDeletesOf(run.rangeDeletes));
    return this.#behaviour.rulesOf({
      rangeDeletes: RangeDeleteIndex.of(rangeDeletes),
      ttlMicros: this.#ttl,
      operator: appendOperator,
      readable: { horizon: this.#horizon, pins: this.#pins },
      mergedUpTo: Math.max(...runs.map((run) => run.run)),
    });
  }

  #commit(step: WorldStep & { type: 'commit' }): void {
    this.#upper += 1 + step.gap;
    const timestamp = this.#upper;
    const rangeDeletes: RangeDelete[] = [];
    if (step.range !== undefined) {
      const [from, to] = [Math.min(...step.range), Math.max(...step.range) + 1];
      rangeDeletes.push({ start: boundAt(from), end: boundAt(to), timestamp });
      for (const key of KEYS.slice(from, to)) this.#model.add(key, { timestamp, kind: 'del', value: '' });
    }
    const rows: Row[] = [];
    const keys = new Set<string>();
    for (const [index, kind] of step.rows) {
      const key = KEYS[index % KEYS.length] as string;
      if (this.#behaviour.isDouble(keys, key)) continue;
      keys.add(key);
      const value = kind === 'del' ? '' : `${this.#serial++ % 10}`;
      rows.push({ key: encodeUtf8(key), timestamp, kind: KINDS[kind], value: encodeUtf8(value) });
      this.#model.add(key, { timestamp, kind, value });
    }
    this.#runs.push({ run: timestamp, rows, rangeDeletes });
  }

  #mergeDelta(first: number, count: number): void {
    if (this.#runs.length < 2) return;
    const start = first % (this.#runs.length - 1);
    const inputs = this.#runs.slice(start, start + 2 + count);
    const sink = rowSink();
    const rules = this.#mergeRules(inputs);
    for (const group of groupsOf(inputs.map((run) => run.rows)))
      this.#behaviour.reduceDelta(group, rules, sink);
    const merged = {
      run: inputs.at(-1)?.run as number,
      rows: sink.rows,
      rangeDeletes: inputs.flatMap((run) => run.rangeDeletes),
    };
    this.#runs.splice(start, inputs.length, merged);
  }

  #mergeBase(count: number, range: KeyRange): void {
    const inputs = this.#behaviour.baseRuns(this.#runs, count);
    if (inputs.length === 0) return;
    const parts = inputs.map((run) => partOf(run, range));
    const rules = this.#mergeRules(parts);
    const current = rowSink();
    const history = rowSink();
    const base = partOf({ run: 0, rows: this.#current, rangeDeletes: [] }, range).rows;
    for (const group of groupsOf([...parts.map((run) => run.rows), base])) {
      this.#behaviour.reduceBase(group, rules, current, history);
    }
    this.#runs = this.#runs.flatMap((run) => {
      if (!inputs.includes(run)) return [run];
      const left = this.#behaviour.leftOf(run, range);
      return left.rows.length + left.rangeDeletes.length > 0 ? [left] : [];
    });
    this.#current = [...this.#current.filter((row) => !base.includes(row)), ...current.rows];
    if (current.rows.some((row) => row.kind !== PUT)) throw new Error('Current holds puts only');
    if (new Set(this.#current.map((row) => decodeUtf8(row.key))).size !== this.#current.length) {
      throw new Error('Current holds one version per key');
    }
    this.#history.push(...this.#byWindow(history.rows));
  }

  #mergeHistory(): void {
    const rules = this.#mergeRules([]);
    const byWindow = new Map<number, Row[][]>();
    for (const rows of this.#history) {
      const end = Math.max(...rows.map((row) => row.endTimestamp as number));
      const start = historyWindow(end, this.#upper, WINDOW).start;
      byWindow.set(start, [...(byWindow.get(start) ?? []), rows]);
    }
    this.#history = [...byWindow.values()].flatMap((files) => {
      const sink = rowSink();
      for (const group of groupsOf(files)) reduceHistory(group, rules, sink);
      const merged = this.#byWindow(sink.rows);
      if (merged.length > 1) throw new Error('the rows of one window stay in one window');
      return merged;
    });
  }

  #byWindow(rows: readonly Row[]): Row[][] {
    const files = new Map<number, Row[]>();
    for (const row of rows) {
      const { start } = historyWindow(row.endTimestamp as number, this.#upper, WINDOW);
      files.set(start, [...(files.get(start) ?? []), row]);
    }
    return [...files.values()];
  }
}

function rangeOf(keys: readonly [number, number] | undefined): KeyRange {
  if (keys === undefined) return { lower: EMPTY_BYTES, upper: undefined };
  return { lower: boundAt(Math.min(...keys)), upper: boundAt(Math.max(...keys) + 1) };
}

function partOf(run: DeltaRun, range: KeyRange): DeltaRun {
  const isInside = ({ key }: Row): boolean =>
    compareBytes(key, range.lower) >= 0 && (range.upper === undefined || compareBytes(key, range.upper) < 0);
  return {
    run: run.run,
    rows: run.rows.filter(isInside),
    rangeDeletes: clipRangeDeletes(run.rangeDeletes, range),
  };
}

const KINDS = { put: PUT, del: DELETE, merge: MERGE } as const;

function boundAt(index: number): Uint8Array {
  return index >= KEYS.length
    ? encodeUtf8('z')
    : index === 0
      ? EMPTY_BYTES
      : encodeUtf8(KEYS[index] as string);
}

function groupOf(files: readonly (readonly Row[])[], key: string): VersionGroup {
  const rows = files.flat().filter((row) => row.key[0] === key.charCodeAt(0));
  const group = new VersionGroup();
  const cursor = new ArrayCursor(rows);
  collectGroup(cursor, group, cursor.seekFirst());
  return group;
}

function answerOf(found: Resolved | undefined): Answer | undefined {
  if (found === undefined) return undefined;
  const { timestamp, valueBytes, valueStart, valueEnd } = found;
  return { timestamp, value: String.fromCharCode(...valueBytes.subarray(valueStart, valueEnd)) };
}

function* groupsOf(files: readonly (readonly Row[])[]): Generator<VersionGroup> {
  const cursor = new ArrayCursor(files.flat());
  const group = new VersionGroup();
  let step = cursor.seekFirst();
  while (step !== END) {
    step = collectGroup(cursor, group, step);
    yield group;
    group.clear();
  }
}

function rowSink(): RowSink & { readonly rows: Row[] } {
  const rows: Row[] = [];
  return {
    rows,
    append: (keyBytes, keyStart, keyEnd, timestamp, endTimestamp, kind, valueBytes, valueStart, valueEnd) => {
      const last = rows.at(-1);
      const key = keyBytes.slice(keyStart, keyEnd);
      if (last !== undefined && equalBytes(last.key, key) && last.timestamp <= timestamp) {
        throw new Error('rows arrive newest first');
      }
      if (endTimestamp !== NEVER && endTimestamp <= timestamp) throw new Error('an interval is not empty');
      rows.push({ key, timestamp, endTimestamp, kind, value: valueBytes.slice(valueStart, valueEnd) });
    },
  };
}

function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}
