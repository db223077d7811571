/**
 * The judge: every answer that a shard can give, next to the model's, and what must hold of its files.
 *
 * Invariants:
 * - Reads are those of the engine: files are left out by their own times, the latest state is read without History, and
 *   a key's versions are taken up to the first that no operand rests on.
 */
import { isDeepStrictEqual } from 'node:util';
import { decodeUtf8, encodeUtf8 } from '@clortho/base';
import { rangesOverlap } from '../../src/strategy/runs.ts';
import { historyOf, historyWithNewest } from '../../src/versions/history-of.ts';
import { RangeDeleteIndex } from '../../src/versions/range-delete-index.ts';
import { type Resolved, resolveAt } from '../../src/versions/resolve-at.ts';
import { VersionGroup } from '../../src/versions/version-group.ts';
import { type VersionRules } from '../../src/versions/version-rules.ts';
import { checkFiles } from './check-files.ts';
import { functionsOf } from './compactor.ts';
import type { Answer, Entry, EventModel } from './event-model.ts';
import type { Objects } from './objects.ts';
import { KEYS, type Setting, VERSIONS } from './schedule.ts';
import { type Shard, settledOf } from './shard.ts';
import { collect, type KeyVersion, VisibleFiles } from './visible-files.ts';

/** See the module. */
export class Judge {
  readonly #model: EventModel;
  readonly #setting: Setting;
  readonly #visible: VisibleFiles;
  /** Per shard, the state that was judged last and the pins of that moment. */
  readonly #judged = new Map<number, { readonly shard: Shard; readonly pins: string }>();

  constructor(model: EventModel, objects: Objects, setting: Setting) {
    this.#model = model;
    this.#setting = setting;
    this.#visible = new VisibleFiles(objects);
  }

  /** Throws unless all answers of a shard are right; returns how many were looked at. */
  check(shard: Shard, pins: readonly number[], thorough: boolean): number {
    const last = this.#judged.get(shard.number);
    if (!thorough && last?.shard === shard && last.pins === pins.join()) return 0;
    this.#judged.set(shard.number, { shard, pins: pins.join() });
    checkFiles(shard, this.#visible);
    const rules: VersionRules = {
      rangeDeletes: RangeDeleteIndex.of(this.#visible.rangeDeletes(shard.files)),
      ttlMicros: this.#setting.ttl,
      ...functionsOf(this.#setting.keeps),
    };
    let answers = 0;
    for (const name of KEYS) {
      const key = encodeUtf8(name);
      if (!rangesOverlap(shard.keys, { lower: key, upper: encodeUtf8(`${name}\0`) })) continue;
      const versions = this.#visible.versions(shard.files, name);
      answers += this.#checkReads(shard, name, versions, pins, rules);
      answers += this.#checkHistory(shard, name, versions, rules, thorough);
    }
    return answers;
  }

  #checkReads(
    shard: Shard,
    name: string,
    versions: readonly KeyVersion[],
    pins: readonly number[],
    rules: VersionRules,
  ): number {
    const { upper, horizon } = shard;
    const settled = settledOf(shard);
    const group = new VersionGroup();
    const expect = (asOf: number, later: number, what: string): void => {
      collect(versions, asOf, asOf >= upper, group);
      const actual = answerOf(resolveAt(group, asOf, rules, later));
      const expected = this.#model.get(name, later);
      if (this.#isSame(actual, expected, horizon)) return;
      throw new Error(`${what} ${name} at ${asOf}: got ${textOf(actual)}, expected ${textOf(expected)}`);
    };
    for (const pin of pins) expect(pin, pin, 'pinned');
    for (let asOf = horizon; asOf <= settled; asOf += 1) expect(asOf, asOf, 'get');
    expect(upper, upper, 'latest');
    // Expiry goes on after the last commit.
    expect(upper, upper + 1, 'later');
    expect(upper, upper + (this.#setting.ttl ?? 5), 'much later');
    return pins.length + settled - horizon + 4;
  }

  #checkHistory(
    shard: Shard,
    name: string,
    versions: readonly KeyVersion[],
    rules: VersionRules,
    thorough: boolean,
  ): number {
    const { horizon } = shard;
    const end = settledOf(shard) + 1;
    const times = thorough ? this.#model.boundaries(name).filter((time) => time > horizon && time < end) : [];
    const bounds = [
      [horizon, end] as const,
      ...times.flatMap((time) => [[time, end] as const, [horizon, time] as const]),
    ];
    const group = new VersionGroup();
    for (const [from, to] of bounds) {
      collect(
        versions.filter(({ file }) => file.tier !== 'history' || file.maxEndTimestamp >= from),
        Number.POSITIVE_INFINITY,
        false,
        group,
      );
      const actual = historyOf(group, from, to, rules, horizon).map((entry) => ({
        ...entry,
        value: entry.value === undefined ? undefined : decodeUtf8(entry.value),
      }));
      const expected = this.#model.history(name, from, to, horizon);
      if (
        actual.length === expected.length &&
        actual.every((entry, at) => this.#isSame(entry, expected[at], horizon))
      )
        continue;
      throw new Error(
        `history of ${name} in [${from}, ${to}): got ${textOf(actual)}, expected ${textOf(expected)}`,
      );
    }
    if (this.#setting.keeps === 'versions') this.#checkNewest(name, versions, rules, horizon, end);
    return bounds.length;
  }

  #checkNewest(
    name: string,
    versions: readonly KeyVersion[],
    rules: VersionRules,
    horizon: number,
    end: number,
  ): void {
    const group = new VersionGroup();
    collect(versions, Number.POSITIVE_INFINITY, false, group);
    const actual = historyWithNewest(group, VERSIONS, rules, horizon).map(
      ({ timestamp, value }) => `${timestamp}:${value === undefined ? 'del' : decodeUtf8(value)}`,
    );
    const textsOf = (entries: readonly Entry[]): string[] =>
      entries.map(({ timestamp, value }) => `${timestamp}:${value ?? 'del'}`);
    const recent = this.#model.history(name, horizon, end);
    const puts = recent.filter(({ kind }) => kind === 'put');
    const all = this.#model.history(name, 0, end).filter(({ kind }) => kind === 'put');
    const expected = textsOf([...recent, ...all.slice(puts.length, Math.max(puts.length, VERSIONS))]);
    if (isDeepStrictEqual(actual, expected)) return;
    throw new Error(`newest of ${name}: got ${textOf(actual)}, expected ${textOf(expected)}`);
  }

  /** Where timestamps are forgotten, one at or below the horizon may have become a later one, also there. */
  #isSame(actual: Stamped | undefined, expected: Stamped | undefined, horizon: number): boolean {
    if (actual === undefined || expected === undefined) return actual === expected;
    const isTime =
      actual.timestamp === expected.timestamp ||
      (this.#setting.keeps === 'no timestamps' &&
        expected.timestamp < actual.timestamp &&
        actual.timestamp <= horizon);
    return isTime && actual.value === expected.value && actual.kind === expected.kind;
  }
}

interface Stamped {
  readonly timestamp: number;
  readonly value: string | undefined;
  readonly kind?: string;
}

function answerOf(found: Resolved | undefined): Answer | undefined {
  if (found === undefined) return undefined;
  const { timestamp, valueBytes, valueStart, valueEnd } = found;
  return { timestamp, value: String.fromCharCode(...valueBytes.subarray(valueStart, valueEnd)) };
}

function textOf(answer: unknown): string {
  return answer === undefined ? 'nothing' : JSON.stringify(answer);
}
