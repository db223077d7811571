/**
 * Split-block Bloom filters: one cache line of 256 bits per key, one bit in each of its eight words.
 *
 *     line      floor(high * lines / 2^32)
 *     word i    bit (low * SALT[i] mod 2^32) >> 27     for i in 0..7
 *
 * A probe touches 32 bytes and decides with eight multiplications (Putze, Sanders, Singler, 2007; the salts are those
 * of Apache Parquet, which specifies the same structure). 12 bits per key give about 0.6 % false positives.
 *
 * Invariants:
 * - At most 2^21 lines (64 MiB), so that the product above is exact in a double.
 */
import { ClorthoError } from '@clortho/base';
import { readUint32, writeUint32 } from '../column/integers.ts';
import { corruptSection, type Section } from '../section.ts';
import type { ByteSink } from '../sink.ts';
import type { Filter, FilterFamily } from './filter.ts';
import type { HashPairs } from './key-hashes.ts';

/** The id of the family in a file. */
export const SPLIT_BLOCK_BLOOM_ID = 1;

const LINE_WORDS = 8;
const LINE_BYTES = 32;
const LINES_MAX = 2 ** 21;
const BITS_PER_KEY = 12;
const UINT32_END = 0x1_0000_0000;

const SALT_0 = 0x47b6137b;
const SALT_1 = 0x44974d91;
const SALT_2 = 0x8824ad5b;
const SALT_3 = 0xa2b7289d;
const SALT_4 = 0x705495c7;
const SALT_5 = 0x2df1424b;
const SALT_6 = 0x9efc4947;
const SALT_7 = 0x5c6bfb31;

/** Returns the family with the given density. Throws `CLORTHO_INVALID` unless that is 1 to 64 bits per key. */
export function splitBlockBloomFamily(bitsPerKey: number = BITS_PER_KEY): FilterFamily {
  if (!(bitsPerKey >= 1 && bitsPerKey <= 64)) {
    throw new ClorthoError('CLORTHO_INVALID', `bits per key out of [1, 64]: bitsPerKey=${bitsPerKey}`);
  }
  const linesFor = (keys: number): number =>
    Math.min(LINES_MAX, Math.max(1, Math.ceil((keys * bitsPerKey) / (LINE_BYTES * 8))));
  return {
    name: 'split-block-bloom',
    estimatedBytes: (keys) => linesFor(keys) * LINE_BYTES,
    encode: (sink, hashes) => encode(sink, hashes, linesFor(hashes.count)),
  };
}

/** Decodes a filter. */
export function decodeSplitBlockBloom(section: Section): Filter {
  const length = section.bytes.length - section.offset;
  if (length === 0 || length % LINE_BYTES !== 0 || length > LINES_MAX * LINE_BYTES) {
    throw corruptSection(section, 'filter is not made of whole lines');
  }
  const words = new Uint32Array(length / 4);
  for (let index = 0, at = section.offset; index < words.length; index += 1, at += 4) {
    words[index] = readUint32(section.bytes, at);
  }
  return new SplitBlockBloom(words);
}

class SplitBlockBloom implements Filter {
  readonly weight: number;
  readonly #words: Uint32Array;
  readonly #lines: number;

  constructor(words: Uint32Array) {
    this.#words = words;
    this.#lines = words.length / LINE_WORDS;
    this.weight = words.byteLength;
  }

  mayContain(low: number, high: number): boolean {
    const words = this.#words;
    const at = lineOf(high, this.#lines);
    return (
      (((words[at] as number) >>> (Math.imul(low, SALT_0) >>> 27)) &
        ((words[at + 1] as number) >>> (Math.imul(low, SALT_1) >>> 27)) &
        ((words[at + 2] as number) >>> (Math.imul(low, SALT_2) >>> 27)) &
        ((words[at + 3] as number) >>> (Math.imul(low, SALT_3) >>> 27)) &
        ((words[at + 4] as number) >>> (Math.imul(low, SALT_4) >>> 27)) &
        ((words[at + 5] as number) >>> (Math.imul(low, SALT_5) >>> 27)) &
        ((words[at + 6] as number) >>> (Math.imul(low, SALT_6) >>> 27)) &
        ((words[at + 7] as number) >>> (Math.imul(low, SALT_7) >>> 27)) &
        1) ===
      1
    );
  }
}

function encode(sink: ByteSink, hashes: HashPairs, lines: number): void {
  const words = new Uint32Array(lines * LINE_WORDS);
  const { count, halves } = hashes;
  for (let index = 0; index < count; index += 1) {
    const low = halves[index * 2] as number;
    const at = lineOf(halves[index * 2 + 1] as number, lines);
    set(words, at, Math.imul(low, SALT_0));
    set(words, at + 1, Math.imul(low, SALT_1));
    set(words, at + 2, Math.imul(low, SALT_2));
    set(words, at + 3, Math.imul(low, SALT_3));
    set(words, at + 4, Math.imul(low, SALT_4));
    set(words, at + 5, Math.imul(low, SALT_5));
    set(words, at + 6, Math.imul(low, SALT_6));
    set(words, at + 7, Math.imul(low, SALT_7));
  }
  sink.byte(SPLIT_BLOCK_BLOOM_ID);
  const start = sink.reserve(words.length * 4);
  for (let index = 0; index < words.length; index += 1) {
    writeUint32(sink.bytes, start + index * 4, words[index] as number);
  }
}

function set(words: Uint32Array, at: number, mixed: number): void {
  words[at] = (words[at] as number) | (1 << (mixed >>> 27));
}

/** Returns the first word of the line of a hash. */
function lineOf(high: number, lines: number): number {
  return Math.floor((high * lines) / UINT32_END) * LINE_WORDS;
}
