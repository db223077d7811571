/** Judging fewer files comes to the same plans as judging all of them. */
import { idAtTime } from '@clortho/base';
import { kvStrategy } from '@clortho/compaction';
import type { FamilyFiles, FileEntry, ShardState } from '@clortho/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Family } from '../../src/catalog/family.ts';
import { CalmPlaces } from '../../src/maintenance/calm-places.ts';

const WINDOW_MS = 4;
const options = {
  windowMicros: WINDOW_MS * 1000,
  deltaRuns: 2,
  deltaRunsMax: 8,
  baseBytesMin: 800,
};
const family = { record: { number: 0, kind: 'kv' } } as Family;
let files = 0;

function entryOf(facts: Partial<FileEntry>): FileEntry {
  files += 1;
  return {
    id: idAtTime(1_700_000_000_000 + files),
    family: 0,
    tier: 'delta',
    level: 0,
    run: 0,
    bytes: 400,
    tailBytes: 10,
    blocks: 1,
    rows: 1,
    deletes: 0,
    merges: 0,
    rangeDeletes: 0,
    lower: Uint8Array.of(files % 5),
    upper: Uint8Array.of((files % 5) + 2),
    minTimestamp: 0,
    maxTimestamp: 0,
    minEndTimestamp: Number.MAX_SAFE_INTEGER,
    maxEndTimestamp: Number.MAX_SAFE_INTEGER,
    uniform: true,
    statistics: {},
    ...facts,
  };
}

interface Place {
  readonly tree: FamilyFiles;
  readonly upper: number;
  readonly horizon: number;
}

/** What may happen to a place between two looks. */
const STEPS: Readonly<Record<string, (place: Place, amount: number) => Place>> = {
  commit: ({ tree, ...rest }, amount) => {
    const upper = rest.upper + 1 + amount;
    const file = entryOf({ run: upper, minTimestamp: upper, maxTimestamp: upper, bytes: 50 + amount });
    return { ...rest, upper, tree: { ...tree, delta: [file, ...tree.delta] } };
  },
  toBase: ({ tree, ...rest }, amount) => {
    const end = rest.upper;
    const current = [...tree.current, entryOf({ tier: 'current', bytes: 1000 + amount })];
    const old = entryOf({ tier: 'history', minEndTimestamp: end, maxEndTimestamp: end, minTimestamp: 1 });
    const isSorted = (left: FileEntry, right: FileEntry): number =>
      (left.lower[0] ?? 0) - (right.lower[0] ?? 0);
    return {
      ...rest,
      tree: { delta: [], current: current.sort(isSorted), history: [...tree.history, old].sort(isSorted) },
    };
  },
  currentAlone: ({ tree, ...rest }, amount) => {
    const extended = tree.current.map((file) => ({ ...file, bytes: 1 + amount }));
    return { ...rest, tree: { ...tree, current: extended } };
  },
  historyAlone: ({ tree, ...rest }) => {
    const more = tree.history.map((file) => entryOf({ ...file, id: file.id.replace(/^./, '1') }));
    return more.length > 20
      ? { ...rest, tree }
      : { ...rest, tree: { ...tree, history: [...tree.history, ...more] } };
  },
  truncate: (place) => ({ ...place, horizon: place.upper }),
  elsewhere: (place, amount) => ({ ...place, upper: place.upper + amount * 10 }),
};

describe('a place that was calm', () => {
  it('is judged by as few files as come to the same plan', () => {
    const step = fc.tuple(fc.constantFrom('commit', 'commit', 'commit', ...Object.keys(STEPS)), fc.nat(400));
    let judged = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const calm = new CalmPlaces({ historyBucketMs: WINDOW_MS });
        const strategy = kvStrategy(options);
        let place: Place = { tree: { delta: [], current: [], history: [] }, upper: 1, horizon: 0 };
        for (const [name, amount] of steps) {
          place = STEPS[name]?.(place, amount) ?? place;
          const { tree, upper, horizon } = place;
          const head = { shard: 0, upper, horizons: { 0: horizon } };
          const state = { head, files: new Map([[0, tree]]) } as unknown as ShardState;
          const whole = [...tree.delta, ...tree.current, ...tree.history];
          const few = calm.filesToJudge(state, family, strategy);
          const input = { horizon, pins: [], upper };
          const plan = strategy({ ...input, files: whole });
          expect(strategy({ ...input, files: few })).toEqual(plan);
          if (plan.kind === 'nothing') calm.note(state, family);
          judged += few.length;
          all += whole.length;
        }
      }),
      { numRuns: 200 },
    );
    expect(judged).toBeLessThan(all);
  });
});
