/** A page is believed for what its header says of it, all of it. */
import { describe, expect, it } from 'vitest';
import {
  areChunksIntact,
  decodePageHeader,
  encodePageHeader,
  pageHeaderBytes,
} from '../../src/disk/page-header.ts';
import { type PageKey, pageKeys } from '../../src/disk/page-key.ts';
import { bytesOf, objectOf, PAGE } from './fixture.ts';

const object = objectOf('sst/one.sst', 5 * PAGE);
const keyOf = (name: string, bytes: number, page: number): PageKey =>
  pageKeys(objectOf(name, bytes), page * 2 * PAGE, page * 2 * PAGE + 1, 2 * PAGE)[0] as PageKey;

const key = keyOf(object.name, object.bytes, 1);
const payload = bytesOf(object, 2 * PAGE, 2 * PAGE);
const header = encodePageHeader(key, payload).subarray(0, pageHeaderBytes(key));

describe('the header of a page', () => {
  it('has the checksum of every chunk', () => {
    const found = decodePageHeader(key, header);
    if (typeof found === 'string') throw new Error(found);
    expect(areChunksIntact(found.sums, 0, payload)).toBe(true);
    expect(areChunksIntact(found.sums, 1, payload.subarray(PAGE))).toBe(true);
    expect(areChunksIntact(found.sums, 0, payload.subarray(PAGE))).toBe(false);
    const flipped = payload.slice();
    flipped[PAGE + 7] = (flipped[PAGE + 7] as number) ^ 1;
    expect(areChunksIntact(found.sums, 0, flipped)).toBe(false);
    expect(areChunksIntact(found.sums, 0, flipped.subarray(0, PAGE))).toBe(true);
  });

  it('is that of no other page, object or size', () => {
    const others = [
      keyOf('sst/two.sst', 5 * PAGE, 1),
      keyOf('sst/one.ss', 5 * PAGE, 1),
      keyOf(object.name, 5 * PAGE, 0),
      keyOf(object.name, 5 * PAGE, 2),
      keyOf(object.name, 5 * PAGE + 1, 1),
      keyOf(object.name, 4 * PAGE - 1, 1),
    ];
    for (const other of others) {
      expect(decodePageHeader(other, header.slice(0, pageHeaderBytes(other)))).toBe('other');
    }
  });

  it('is nothing with any bit flipped', () => {
    for (let at = 0; at < header.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = header.slice();
        flipped[at] = (flipped[at] as number) ^ (1 << bit);
        expect(decodePageHeader(key, flipped)).toBeTypeOf('string');
      }
    }
    expect(decodePageHeader(key, new Uint8Array(header.length))).toBe('damaged');
  });
});
