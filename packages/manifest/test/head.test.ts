import { InvariantError } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceHead,
  type HeadPatch,
  horizonOf,
  initialHead,
  settledTimestamp,
  tailToken,
} from '../src/head.ts';
import { editOf, fileId, STORE } from './support/entries.ts';

const created = initialHead(STORE, 3, 'created');
const commitAt = (timestamp: number): ReturnType<typeof editOf> => ({ ...editOf(1, []), timestamp });

describe('head', () => {
  it('begins at version 1 with the edit of its creation', () => {
    expect(created).toMatchObject({ store: STORE, shard: 3, version: 1, upper: 0, floor: 0, state: 'open' });
    expect(tailToken(created, 1)).toBe('created');
    expect(settledTimestamp(created)).toBe(0);
    expect(horizonOf(created, 5)).toBe(0);
  });

  it('adds one version and one edit with every change, and remembers who made it', () => {
    const changes = fc.array(fc.oneof(fc.constant('commit'), fc.constant('close'), fc.constant('gc')));
    fc.assert(
      fc.property(changes, (kinds) => {
        let head = created;
        for (const [index, kind] of kinds.entries()) {
          const settled = settledTimestamp(head);
          const edit = { ...editOf(index, []), timestamp: kind === 'commit' ? settled + 2 : 0 };
          const patch: HeadPatch =
            kind === 'close' ? { floor: settled + 1 } : kind === 'gc' ? { gcFloor: fileId(index) } : {};
          const next = advanceHead(head, edit, patch);
          expect(next.version).toBe(head.version + 1);
          expect(settledTimestamp(next)).toBeGreaterThanOrEqual(settled);
          expect(next.upper).toBe(kind === 'commit' ? settled + 2 : head.upper);
          head = next;
        }
        for (const index of kinds.keys()) expect(tailToken(head, index + 2)).toBe(`token-${index}`);
        expect(tailToken(head, head.version + 1)).toBeUndefined();
        expect(tailToken(head, 0)).toBeUndefined();
      }),
    );
  });

  it.each<[string, number, HeadPatch]>([
    ['a commit at its upper', 10, {}],
    ['a commit at its floor', 20, {}],
    ['a lower floor', 0, { floor: 19 }],
    ['a lower epoch', 0, { epoch: 1 }],
    ['a lower floor of garbage', 0, { gcFloor: fileId(1) }],
    ['a horizon beyond what is settled', 0, { horizons: { 0: 5, 1: 21 } }],
    ['a lower horizon', 0, { horizons: { 0: 4 } }],
    ['a forgotten horizon', 0, { horizons: { 1: 5 } }],
  ])('refuses %s', (_, timestamp, patch) => {
    const committed = advanceHead(created, commitAt(10), { epoch: 2, gcFloor: fileId(2) });
    const head = advanceHead(committed, commitAt(0), { floor: 20, horizons: { 0: 5 } });
    expect(() => advanceHead(head, commitAt(timestamp), patch)).toThrow(InvariantError);
  });

  it('refuses any change once sealed', () => {
    const sealed = advanceHead(created, commitAt(0), { state: 'sealed' });
    expect(() => advanceHead(sealed, commitAt(0), {})).toThrow('a sealed head never changes');
  });
});
