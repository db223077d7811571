import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyTable } from '../src/key-table.ts';

// Few files and few blocks, so that keys collide and removals meet followers.
const key = fc
  .tuple(fc.constantFrom(0, 1, 2 ** 11, 2 ** 31, 2 ** 32 - 1), fc.nat(12))
  .map(([file, block]) => file * 2 ** 21 + block);
const step = fc.record({ kind: fc.constantFrom('set', 'set', 'delete', 'clear?'), key, value: fc.nat() });

describe('a key table', () => {
  it('agrees with a map', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = keyTable<number>();
        const model = new Map<number, number>();
        for (const each of steps) {
          if (each.kind === 'set') {
            table.set(each.key, each.value);
            model.set(each.key, each.value);
          } else if (each.kind === 'delete') {
            table.delete(each.key);
            model.delete(each.key);
          } else if (each.value % 16 === 0) {
            table.clear();
            model.clear();
          }
          expect(table.get(each.key)).toBe(model.get(each.key));
          expect(table.size).toBe(model.size);
        }
        for (const each of steps) expect(table.get(each.key)).toBe(model.get(each.key));
      }),
      { numRuns: 500 },
    );
  });

  it('holds many consecutive keys of many files', () => {
    const table = keyTable<number>();
    for (let file = 0; file < 100; file += 1) {
      for (let block = 0; block < 200; block += 1) table.set(file * 2 ** 21 + block, file + block);
    }
    for (let file = 0; file < 100; file += 2) {
      for (let block = 0; block < 200; block += 1) table.delete(file * 2 ** 21 + block);
    }
    expect(table.size).toBe(10_000);
    for (let file = 0; file < 100; file += 1) {
      for (let block = 0; block < 200; block += 1) {
        expect(table.get(file * 2 ** 21 + block)).toBe(file % 2 === 0 ? undefined : file + block);
      }
    }
  });
});
