import { ClorthoError, isClorthoError } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockBuilder } from '../../src/block/block-builder.ts';
import { decodeBlock } from '../../src/block/decode-block.ts';
import { decodeIndexPartition, encodeIndexPartition } from '../../src/block-index/index-partition.ts';
import { decodePartitionTable, encodePartitionTable } from '../../src/block-index/partition-table.ts';
import { isPlainMsgpack } from '../../src/file/plain-msgpack.ts';
import { decodeProperties, encodeProperties } from '../../src/file/properties.ts';
import { decodeRangeDeletes, encodeRangeDeletes } from '../../src/file/range-deletes.ts';
import { KeyHashes } from '../../src/filter/key-hashes.ts';
import { decodeFilter, filterFamily } from '../../src/filter/registry.ts';
import { NEVER, PUT } from '../../src/row.ts';
import type { Section } from '../../src/section.ts';
import { ByteSink } from '../../src/sink.ts';
import { sectionOf } from '../support/section.ts';

const text = new TextEncoder();
const keys = Array.from({ length: 40 }, (_, index) =>
  text.encode(`key${String(index >> 1).padStart(3, '0')}`),
);

function bytesOf(encode: (sink: ByteSink) => void): Uint8Array {
  const sink = new ByteSink();
  encode(sink);
  return sink.view().slice();
}

const block = bytesOf((sink) => {
  const builder = new BlockBuilder();
  keys.forEach((key, index) => {
    builder.push(key, 0, key.length, 1.7e15 - index, NEVER, PUT, key, 0, index % 6);
  });
  builder.encode(sink);
});

const index = bytesOf((sink) => {
  encodeIndexPartition(sink, {
    firstKeys: keys,
    integers: Array.from({ length: 8 }, () => keys.map((_, at) => 200 - at)),
    statistics: [keys, keys],
  });
});
const indexDataBytes = keys.reduce((sum, _, at) => sum + 200 - at, 0);

const table = bytesOf((sink) => {
  const entries = keys.map((firstKey, at) => ({
    firstKey,
    firstTimestamp: 200 - at,
    storedBytes: 100,
    rawBytes: 150 + at,
    blocks: 7,
    dataBytes: 1000,
  }));
  encodePartitionTable(sink, entries);
});

const ranges = bytesOf((sink) => {
  encodeRangeDeletes(
    sink,
    keys.slice(0, 38).map((start, at) => ({ start, end: keys[at + 2] as Uint8Array, timestamp: 5 })),
  );
});

const properties = encodeProperties({
  rawBytes: 1,
  blocks: 1,
  rows: 1,
  deletes: 0,
  merges: 0,
  rangeDeletes: 0,
  minKey: Uint8Array.of(1),
  maxKey: Uint8Array.of(2),
  minTimestamp: 1.7e15,
  maxTimestamp: 1.7e15,
  minEndTimestamp: NEVER,
  maxEndTimestamp: NEVER,
  collectors: [{ name: 'c', version: 1, bytes: Uint8Array.of(1, 2, 3) }],
}).slice();

function filterBytes(family: 'split-block-bloom' | 'bloom-filters' | 'binary-fuse'): Uint8Array {
  return bytesOf((sink) => {
    const built = filterFamily({ family });
    const hashes = new KeyHashes();
    for (const key of keys) hashes.add(key, 0, key.length);
    built?.encode(sink, hashes);
  });
}

function readBlock(section: Section): void {
  const decoded = decodeBlock(section, undefined);
  for (let row = 0; row < decoded.rows; row += 1) {
    if (decoded.keyStartAt(row + 1) > decoded.keyBytes.length) throw new RangeError('key out of bounds');
    if (decoded.valueStartAt(row + 1) > decoded.valueBytes.length)
      throw new RangeError('value out of bounds');
    if (!Number.isSafeInteger(decoded.timestampAt(row) + 0)) throw new RangeError('timestamp');
    if (decoded.kindAt(row) > 2) throw new RangeError('kind');
  }
  decoded.lowerBound(text.encode('key007'), 5);
}

const decoders: [name: string, bytes: Uint8Array, decode: (section: Section) => unknown][] = [
  ['block', block, readBlock],
  [
    'index',
    index,
    (section) =>
      decodeIndexPartition(section, { firstBlock: 0, dataStart: 0, dataEnd: indexDataBytes }, undefined),
  ],
  ['partition table', table, (section) => decodePartitionTable(section, 40_000, 44_000, undefined)],
  ['range deletes', ranges, (section) => decodeRangeDeletes(section, undefined)],
  ['properties', properties, decodeProperties],
  ['filter', filterBytes('split-block-bloom'), (section) => decodeFilter(section).mayContain(1, 2)],
  ['fuse filter', filterBytes('binary-fuse'), (section) => decodeFilter(section).mayContain(1, 2)],
  ['library filter', filterBytes('bloom-filters'), (section) => decodeFilter(section).mayContain(1, 2)],
];

describe.each(decoders)('a hostile %s, with a checksum that is right,', (_, bytes, decode) => {
  /** Runs the decoder; any error that is not one of ours fails the test. */
  function attempt(damaged: Uint8Array): void {
    try {
      decode(sectionOf(damaged));
    } catch (error) {
      if (isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED')) return;
      throw error;
    }
  }

  it('decodes when nobody touched it', () => {
    expect(() => decode(sectionOf(bytes))).not.toThrow();
  });

  it('is refused or read within bounds when bytes change', () => {
    const edit = fc.tuple(
      fc.nat(bytes.length - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const damaged = bytes.slice();
        for (const [at, byte] of edits) damaged[at] = byte;
        attempt(damaged);
      }),
      { numRuns: 1500 },
    );
  });

  it('is refused or read within bounds when it is noise, or cut, or grown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(bytes.length), (noise, cut) => {
        attempt(noise);
        attempt(new Uint8Array(Buffer.concat([bytes.subarray(0, cut), noise])));
      }),
      { numRuns: 700 },
    );
  });
});

describe('what hostile bytes claim', () => {
  it('of lengths does not make a decoder allocate', () => {
    const before = process.memoryUsage().arrayBuffers;
    // Rows, then an index of blocks, then ranges: each claims 2^50 of them.
    const claim = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 0, 0, 0, 0, 0, 0, 0);
    for (const [, , decode] of decoders) {
      expect(() => decode(sectionOf(claim))).toThrow(ClorthoError);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('of properties is refused when it is no record', () => {
    // An array, a number, a map whose key is a map, and a map without anything.
    for (const bytes of [[0x90], [0x07], [0x81, 0x81, 1, 2, 3], [0x80]]) {
      const properties = sectionOf(Uint8Array.from(bytes));
      expect(() => decodeProperties(properties)).toThrow(
        expect.objectContaining({ code: 'CLORTHO_CORRUPT' }),
      );
    }
  });

  it('of msgpack arrays, maps and strings is checked against the bytes there are', () => {
    for (const head of [0xdd, 0xdf, 0xdb, 0xc6]) {
      const bytes = Uint8Array.of(head, 0x7f, 0xff, 0xff, 0xff, 0);
      expect(() => decodeProperties(sectionOf(bytes))).toThrow(/not plain msgpack/);
    }
  });

  it('of range deletes is bounded, however few bytes each takes', () => {
    const claim = (count: number): Section => {
      const sink = new ByteSink();
      sink.varint(count);
      // No prefix, then starts without bytes, ends of one byte each, and one timestamp.
      const columns = Uint8Array.of(0, 0, 0, 0x10, 1);
      sink.copy(columns, 0, columns.length);
      const ends = new Uint8Array(count + 1).fill(1);
      ends[count] = 0;
      sink.copy(ends, 0, ends.length);
      return sectionOf(sink.view());
    };
    expect(decodeRangeDeletes(claim(1000), undefined)).toHaveLength(1000);
    expect(() => decodeRangeDeletes(claim(2 ** 20 + 1), undefined)).toThrow(/count out of bounds/);
  });

  it('of properties is bounded in values, however few bytes each takes', () => {
    const claim = (count: number): Uint8Array => {
      const bytes = new Uint8Array(count + 8).fill(0x80);
      bytes.set([0x81, 0xa1, 0x78, 0xdd, 0, count >>> 16, count >>> 8, count]);
      return bytes;
    };
    // The map, its key and the array count as well.
    expect(isPlainMsgpack(claim(65_533))).toBe(true);
    expect(isPlainMsgpack(claim(65_534))).toBe(false);
  });

  it('of a filter of the library is bounded in values, however few bytes each takes', () => {
    const json = new TextDecoder().decode(filterBytes('bloom-filters').subarray(1));
    const withMore = (entries: number): Uint8Array =>
      new Uint8Array(Buffer.from(`\u0002${json.slice(0, -1)}${',"x":[]'.repeat(entries)}}`));
    expect(decodeFilter(sectionOf(withMore(2))).mayContain(1, 2)).toBeTypeOf('boolean');
    expect(() => decodeFilter(sectionOf(withMore(9)))).toThrow(/not a Bloom filter of the library/);
  });
});
