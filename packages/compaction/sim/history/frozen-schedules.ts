/** Schedules worth keeping: found cases under a name that says what they show. */
import type { Schedule } from './arbitraries.ts';
import type { WorldStep } from './world.ts';

export const frozenSchedules: Readonly<Record<string, Schedule>> = {
  'a delete at the very horizon leaves the history that begins there as it was': {
    ttl: undefined,
    steps: [
      put(0),
      { type: 'mergeBase', count: 0 },
      deleteRange(0, 0),
      { type: 'horizon', step: 2 },
      base(0),
    ],
  },
  'an operand below the horizon still rests on an expired row that went into base': {
    ttl: 4,
    steps: [put(0), put(1), put(1), merge(0), put(1), put(1), { type: 'horizon', step: 6 }, base(0)],
  },
  'an operand absorbs the version below it': {
    ttl: undefined,
    steps: [
      put(0),
      merge(0),
      put(1),
      put(1),
      { type: 'horizon', step: 4 },
      { type: 'mergeDelta', first: 0, count: 2 },
    ],
  },
  'a bucket stays until the last of its rows has ended': {
    ttl: undefined,
    steps: [put(0), put(0), put(0), base(2), { type: 'horizon', step: 2 }, { type: 'dropHistory' }],
  },
  'an operand in the batch of a range delete rests on nothing': {
    ttl: undefined,
    steps: [
      put(0),
      { type: 'commit', gap: 0, range: [0, 1], rows: [[0, 'merge']] },
      put(1),
      delta(0),
      base(1),
    ],
  },
};

function put(key: number): WorldStep {
  return { type: 'commit', gap: 0, range: undefined, rows: [[key, 'put']] };
}

function merge(key: number): WorldStep {
  return { type: 'commit', gap: 0, range: undefined, rows: [[key, 'merge']] };
}

function deleteRange(from: number, to: number): WorldStep {
  return { type: 'commit', gap: 0, range: [from, to], rows: [[2, 'put']] };
}

function base(count: number): WorldStep {
  return { type: 'mergeBase', count };
}

function delta(first: number): WorldStep {
  return { type: 'mergeDelta', first, count: 0 };
}
