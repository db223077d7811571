import { type Hash64, hashBytes } from '@clortho/base';
import { expect, it } from 'vitest';
import type { FilterOptions } from '../../src/filter/filter.ts';
import { readSstLayout } from '../../src/inspect/layout.ts';
import { Sst } from '../../src/reader/sst.ts';
import { PUT } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { sourceOf } from '../support/sources.ts';

const text = new TextEncoder();

it.each<[FilterOptions, number, number, number, number]>([
  [{ family: 'split-block-bloom', bitsPerKey: 4 }, 20_000, 60_000, 4, 0.324],
  [{ family: 'split-block-bloom', bitsPerKey: 12 }, 20_000, 60_000, 12, 0.0057],
  [{ family: 'split-block-bloom', bitsPerKey: 20 }, 20_000, 60_000, 20, 0.00042],
  [{ family: 'binary-fuse' }, 20_000, 60_000, 9.9, 0.0039],
  [{ family: 'bloom-filters', errorRate: 0.05 }, 4_000, 2_000, 6.24, 0.05],
])('%j has the rate that is expected of it', async (filter, keys, probes, bitsPerKey, rate) => {
  const rows = Array.from({ length: keys }, (_, at) => ({
    key: text.encode(`present ${String(at).padStart(6, '0')}`),
    timestamp: 1,
    kind: PUT as typeof PUT,
    value: new Uint8Array(0),
  }));
  const { bytes } = encodeSst(rows, { filter });
  const facts = (await readSstLayout(sourceOf(bytes), { size: bytes.length })).filter;
  expect(facts?.family).toBe(filter.family);
  const keyBits = (facts?.bits ?? 0) / keys;
  expect(keyBits).toBeGreaterThan(bitsPerKey * 0.95);
  expect(keyBits).toBeLessThan(bitsPerKey * 1.05);
  const expected = facts?.falsePositiveRate(keys) as number;
  expect(expected).toBeGreaterThan(rate * 0.9);
  expect(expected).toBeLessThan(rate * 1.1);
  const sst = Sst.openBytes(bytes);
  const hash: Hash64 = { low: 0, high: 0 };
  let passed = 0;
  for (let at = 0; at < probes; at += 1) {
    const key = text.encode(`absent ${at}`);
    hashBytes(key, 0, key.length, hash);
    if (sst.mayContain(hash.low, hash.high)) passed += 1;
  }
  // Five standard deviations either way.
  const deviation = Math.sqrt(expected * (1 - expected) * probes);
  expect(Math.abs(passed - expected * probes)).toBeLessThan(5 * deviation);
});
