import { expect, it } from 'vitest';
import { KeptForHeirs } from '../../src/lease/kept-for-heirs.ts';

const kept = { owner: undefined, token: 1, next: 'heir', nonce: '' };

it('a resource is kept for its heir for a duration from when it was seen, and forgotten when anybody has it', () => {
  let nowMs = 0;
  const heirs = new KeptForHeirs(100, () => nowMs);
  expect([
    heirs.leftMs('x', 1, undefined, 'me'),
    heirs.leftMs('x', 1, { ...kept, next: undefined }, 'me'),
  ]).toEqual([0, 0]);
  expect([heirs.leftMs('x', 1, kept, 'heir'), heirs.size]).toEqual([0, 0]);
  expect([heirs.leftMs('x', 1, kept, 'me'), heirs.size]).toEqual([100, 1]);
  nowMs = 60;
  expect(heirs.leftMs('x', 1, kept, 'me')).toBe(40);
  // Claimed by its heir.
  const owned = { ...kept, owner: { name: 'heir', generation: 1 }, next: undefined };
  expect([heirs.leftMs('x', 2, owned, 'me'), heirs.size]).toEqual([0, 0]);
  // Handed over once more, it is kept as long again.
  expect(heirs.leftMs('x', 3, kept, 'me')).toBe(100);
  nowMs = 100;
  expect(heirs.leftMs('x', 5, kept, 'me')).toBe(100);
  nowMs = 200;
  expect([heirs.leftMs('x', 5, kept, 'me'), heirs.size]).toEqual([0, 0]);
});
