/** Schedules worth keeping: found cases under a name that says what they show. */
import type { Choice, Schedule, Setting, Step } from './schedule.ts';

const KEPT: Setting = {
  ttl: undefined,
  fileBytes: [10_000, 10_000],
  deltaRuns: 2,
  runsMax: 4,
  baseBytes: 1_000_000,
  partBytes: 1_000_000,
};

/** By what they show. */
export const frozenSchedules: Readonly<Record<string, Schedule>> = {
  'a delete at the very horizon leaves the history that begins there as it was': {
    setting: KEPT,
    steps: [put(0), base(0), deleteRange(0, 0), horizon(2), base(0)],
  },
  'an operand below the horizon still rests on an expired row that went into base': {
    setting: { ...KEPT, ttl: 4 },
    steps: [put(0), put(1), put(1), merge(0), put(1), put(1), horizon(6), base(0)],
  },
  'an operand absorbs the version below it': {
    setting: KEPT,
    steps: [put(0), merge(0), put(1), put(1), horizon(4), delta(0, 2)],
  },
  'a bucket stays until the last of its rows has ended': {
    setting: KEPT,
    steps: [put(0), put(0), put(0), base(2), horizon(2), compact({ by: 'drop' })],
  },
  'an operand in the batch of a range delete rests on nothing': {
    setting: KEPT,
    steps: [
      put(0),
      { type: 'commit', gap: 0, range: [0, 1], rows: [[0, 'merge']] },
      put(1),
      delta(0, 0),
      base(1),
    ],
  },
  'an operand keeps what it rests on alive beyond the life of that': {
    setting: { ...KEPT, ttl: 3 },
    steps: [put(0), base(0), merge(0), { ...merge(0), gap: 1 }, horizon(4), delta(0, 0)],
  },
  'a file of expired rows stays while an operand rests on one of them': {
    setting: { ...KEPT, ttl: 4 },
    steps: [put(0), base(0), put(1), merge(0), put(1), put(1), put(1), horizon(6), compact({ by: 'drop' })],
  },
  'what expires after the last commit is in the latest state, wherever the horizon is': {
    setting: { ...KEPT, ttl: 2 },
    steps: [put(0), base(0), { type: 'close', shard: 0, gap: 4 }, horizon(5), compact({ by: 'drop' })],
  },
  'no output crosses a file of Current that is no input': {
    setting: { ...KEPT, fileBytes: [1, 10_000] },
    steps: [put(0, 1), put(2), base(1), put(0), put(2), compact({ by: 'manual', full: false })],
  },
  'no row that is copied crosses a file of Current that is no input': {
    setting: KEPT,
    steps: [put(1), base(0), put(0), put(2, 3), compact({ by: 'manual', full: false })],
  },
  'a merge is refused if another wrote between its outputs': {
    setting: { ...KEPT, fileBytes: [1, 10_000] },
    steps: [
      put(0, 2),
      put(0, 2),
      delta(0, 0),
      { type: 'look', process: 0, shard: 0, choice: { by: 'base', count: 0 } },
      put(1),
      { type: 'compact', process: 1, shard: 0, choice: { by: 'base', count: 1, keys: [1, 1] } },
      { type: 'finish', process: 0, job: 0 },
    ],
  },
  'runs with others between them are not merged': {
    setting: KEPT,
    steps: [put(0), put(0), put(0), delta(1, 0), put(0), compact({ by: 'strategy' })],
  },
  'a child of a split answers from the horizon of its parent on': {
    setting: KEPT,
    steps: [
      put(0),
      put(0),
      put(0),
      base(2),
      horizon(3),
      compact({ by: 'drop' }),
      { type: 'split', shard: 0, key: 0 },
    ],
  },
  'a pin that is made while a file is being dropped lies above the horizon of the drop': {
    setting: KEPT,
    steps: [
      put(0),
      put(0),
      put(0),
      base(2),
      { type: 'truncate', process: 0, shard: 0, step: 3, choice: { by: 'drop' } },
      { type: 'begin', process: 0 },
      { type: 'pin', shard: 0, at: 1 },
      { type: 'finish', process: 0, job: 0 },
    ],
  },
  'a pin that is made after a job has looked is above its horizon': {
    setting: KEPT,
    steps: [
      put(0),
      put(0),
      { type: 'look', process: 0, shard: 0, choice: { by: 'base', count: 1 }, slowly: true },
      pin(1),
      horizon(2),
      { type: 'begin', process: 0 },
      { type: 'finish', process: 0, job: 0 },
    ],
  },
  'nothing is dropped while a pin is being made': {
    setting: KEPT,
    steps: [put(0), put(0), { ...pin(1), slowly: true }, horizon(2), base(1)],
  },
  'a file of the past stays while a pin is at its very beginning': {
    setting: KEPT,
    steps: [put(0), put(0), put(0), base(2), pin(1), horizon(3), compact({ by: 'drop' })],
  },
  'the newest tombstone of a key stays in delta': {
    setting: KEPT,
    steps: [put(0), remove(0), delta(0, 0)],
  },
  'operands between which a time is read stay apart in delta': {
    setting: KEPT,
    steps: [put(0), merge(0), merge(0), delta(1, 0)],
  },
  'base waits for older runs that are being merged': {
    setting: { ...KEPT, runsMax: 1, baseBytes: 0 },
    steps: [
      put(0),
      put(0),
      { type: 'look', process: 0, shard: 0, choice: { by: 'delta', first: 0, count: 0 } },
      put(0),
      compact({ by: 'strategy' }),
    ],
  },
  'the newest versions stay in files of the past': {
    setting: { ...KEPT, keeps: 'versions' },
    steps: [put(0), put(0), base(1), horizon(2), compact({ by: 'drop' })],
  },
  'a forgotten timestamp is below those in delta': {
    setting: { ...KEPT, keeps: 'no timestamps' },
    steps: [put(0), put(0), horizon(2), base(0)],
  },
  'no timestamp is forgotten above a pin': {
    setting: { ...KEPT, keeps: 'no timestamps' },
    steps: [put(0), put(1), pin(1), horizon(2), base(1)],
  },
  'a row that a filter ends stays until then': {
    setting: { ...KEPT, keeps: 'what a filter keeps' },
    steps: [put(0, 1), put(2, 3), put(0), horizon(3), base(2)],
  },
  'of files that share a key, the oldest moves': {
    setting: KEPT,
    steps: [put(0), put(0), compact({ by: 'move' }), compact({ by: 'move' })],
  },
  'files with deletes, operands or several versions of a key do not move': {
    setting: KEPT,
    steps: [put(0), put(0), delta(0, 0), remove(1), merge(2), compact({ by: 'move' })],
  },
};

type Commit = Step & { readonly type: 'commit' };

function put(...keys: readonly number[]): Commit {
  return { type: 'commit', gap: 0, range: undefined, rows: keys.map((key) => [key, 'put']) };
}

function merge(key: number): Commit {
  return { type: 'commit', gap: 0, range: undefined, rows: [[key, 'merge']] };
}

function remove(key: number): Commit {
  return { type: 'commit', gap: 0, range: undefined, rows: [[key, 'del']] };
}

function pin(at: number): Step & { readonly type: 'pin' } {
  return { type: 'pin', shard: 0, at };
}

function deleteRange(from: number, to: number): Step {
  return { type: 'commit', gap: 0, range: [from, to], rows: [[2, 'put']] };
}

function horizon(step: number): Step {
  return { type: 'horizon', shard: 0, step };
}

function compact(choice: Choice): Step {
  return { type: 'compact', process: 0, shard: 0, choice };
}

function base(count: number): Step {
  return compact({ by: 'base', count });
}

function delta(first: number, count: number): Step {
  return compact({ by: 'delta', first, count });
}
