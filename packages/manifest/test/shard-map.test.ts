import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../src/record.ts';
import {
  decodeShardMap,
  encodeShardMap,
  evenSplits,
  newShardMap,
  SHARD_MAP_RECORD,
  shardPosition,
} from '../src/shard-map.ts';
import { codeOf, expectDamageRefused } from './support/damage.ts';
import { STORE } from './support/entries.ts';

const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
const maps = fc
  .uniqueArray(key, { selector: (bytes) => bytes.join(), maxLength: 12 })
  .map((splits) => newShardMap(splits.sort(compareBytes)));

describe('shard map', () => {
  it('routes every key to the range that holds it', () => {
    fc.assert(
      fc.property(maps, fc.uint8Array({ maxLength: 4, max: 3 }), (map, wanted) => {
        const linear = map.splits.filter((split) => compareBytes(split, wanted) <= 0).length;
        expect(shardPosition(map, wanted)).toBe(linear);
        expect(map.shards).toHaveLength(map.splits.length + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('cuts the first byte evenly', () => {
    for (let count = 1; count <= 256; count += 1) {
      const map = newShardMap(evenSplits(count));
      const sizes = new Array<number>(count).fill(0);
      for (let byte = 0; byte < 256; byte += 1) {
        const position = shardPosition(map, Uint8Array.of(byte));
        sizes[position] = (sizes[position] as number) + 1;
      }
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
    expect(() => evenSplits(257)).toThrow('one byte has 256 values to split at');
  });

  it('comes back as it was encoded', () => {
    fc.assert(
      fc.property(maps, (map) => {
        expect(decodeShardMap(encodeShardMap(STORE, map), STORE)).toEqual(map);
      }),
    );
  });

  it('refuses damage, another store and a newer format', () => {
    const bytes = encodeShardMap(STORE, newShardMap(evenSplits(3)));
    expectDamageRefused(bytes, (damaged) => decodeShardMap(damaged, STORE));
    expect(() => decodeShardMap(bytes, 'another')).toThrow('shard map belongs to another store');
    const newer = encodeRecord({ ...SHARD_MAP_RECORD, version: 2 }, []);
    expect(codeOf(() => decodeShardMap(newer, STORE))).toBe('CLORTHO_UNSUPPORTED');
  });

  it.each([
    ['equal split keys', [[1], [1]], [0, 1, 2]],
    ['falling split keys', [[2], [1]], [0, 1, 2]],
    ['an empty split key', [[]], [0, 1]],
    ['too few shards', [[1]], [0]],
    ['too many shards', [[1]], [0, 1, 2]],
    ['a shard twice', [[1]], [4, 4]],
  ])('refuses %s', (_, splits, shards) => {
    const map = { splits: splits.map((bytes) => Uint8Array.from(bytes)), shards };
    expect(codeOf(() => decodeShardMap(encodeShardMap(STORE, map), STORE))).toBe('CLORTHO_CORRUPT');
  });
});
