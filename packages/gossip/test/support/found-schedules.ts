/** Schedules that showed something once, by the name of what they show. */
import type { Schedule } from './schedule.ts';

/** The schedules. */
export const FOUND: Readonly<Record<string, Schedule>> = {
  'a key that is deleted while a member is away, and whose tombstone is forgotten, does not come back': {
    nodes: 2,
    seed: 1,
    loss: 0,
    steps: [
      { type: 'set', node: 1, key: 0, isLazy: false },
      { type: 'wait', ms: 3000 },
      { type: 'split', mask: 2, isOneWay: false },
      { type: 'delete', node: 1, key: 0, isLazy: false },
      { type: 'wait', ms: 12_000 },
      { type: 'heal' },
      { type: 'wait', ms: 5000 },
    ],
  },
  'a member behind forgotten tombstones gets all keys, although no datagram holds them': {
    nodes: 2,
    seed: 3,
    loss: 0,
    steps: [
      { type: 'split', mask: 2, isOneWay: false },
      { type: 'fill', node: 1, count: 30, bytes: 100, isLazy: true },
      { type: 'wait', ms: 2000 },
      { type: 'set', node: 1, key: 0, isLazy: false },
      { type: 'delete', node: 1, key: 0, isLazy: false },
      { type: 'wait', ms: 12_000 },
      { type: 'heal' },
    ],
  },
  'a lazy change is not lost behind an eager one that arrives before it': {
    nodes: 8,
    seed: 2,
    loss: 0,
    steps: [
      { type: 'wait', ms: 3000 },
      { type: 'set', node: 1, key: 0, isLazy: true },
      { type: 'wait', ms: 1100 },
      { type: 'set', node: 1, key: 1, isLazy: false },
      { type: 'wait', ms: 5000 },
    ],
  },
  'two members that buried each other meet again': {
    nodes: 2,
    seed: 0,
    loss: 0,
    steps: [
      { type: 'split', mask: 1, isOneWay: false },
      { type: 'wait', ms: 25_000 },
    ],
  },
  'a member that was thought dead for long still has its keys': {
    nodes: 2,
    seed: 0,
    loss: 0,
    steps: [
      { type: 'set', node: 1, key: 0, isLazy: false },
      { type: 'wait', ms: 3000 },
      { type: 'split', mask: 1, isOneWay: false },
      { type: 'wait', ms: 17_000 },
    ],
  },
  'a member that is forgotten and heard of again within a second begins anew': {
    nodes: 6,
    seed: 21,
    loss: 0.3,
    steps: [
      { type: 'restart', node: 7 },
      { type: 'set', node: 5, key: 0, isLazy: true },
      { type: 'split', mask: 87, isOneWay: true },
      { type: 'wait', ms: 13_517 },
    ],
  },
  'who follows the keys of a member that starts again sees that they are gone': {
    nodes: 3,
    seed: 5,
    loss: 0,
    steps: [
      { type: 'set', node: 1, key: 0, isLazy: false },
      { type: 'wait', ms: 3000 },
      { type: 'restart', node: 1 },
      { type: 'wait', ms: 3000 },
    ],
  },
  'a member that starts again is a new one, and its old keys are gone': {
    nodes: 3,
    seed: 5,
    loss: 0.1,
    steps: [
      { type: 'set', node: 1, key: 0, isLazy: false },
      { type: 'pause', node: 1, ms: 5000 },
      { type: 'wait', ms: 5000 },
      { type: 'restart', node: 1 },
      { type: 'set', node: 1, key: 1, isLazy: true },
      { type: 'wait', ms: 3000 },
    ],
  },
};
