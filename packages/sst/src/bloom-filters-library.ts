/**
 * The `bloom-filters` library behind three functions: building its Bloom filter, reading it back from bytes, and how
 * large it is.
 *
 * The library is loaded on first use: importing it costs a quarter of a second.
 *
 * Invariants:
 * - Decoding looks at every number before the library does: its probe loops until it found as many distinct bit
 *   places as there are hash functions, which never ends if there are fewer bits.
 * - Bytes that hold more values than a filter has are not parsed.
 */
import { createRequire } from 'node:module';
import type * as Library from 'bloom-filters';

/** Tells whether something was added, or looks as if. */
export interface Membership {
  has(element: string): boolean;
}

const HASHES_MAX = 64;
/** The library writes two records with six entries; JSON of many small values would take many times its size. */
const MARKS_MAX = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const require = createRequire(import.meta.url);
const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACKET = 0x5b;
let loaded: typeof Library | undefined;

/** How large a Bloom filter is. */
export interface BloomShape {
  readonly bits: number;
  /** How many bits stand for one element. */
  readonly hashes: number;
}

/** The library's Bloom filter as bytes: the UTF-8 of its JSON. */
export const bloomFiltersLibrary: {
  /** Returns the filter over distinct elements as a copy. */
  encode(elements: readonly string[], errorRate: number): Uint8Array;
  /** Returns the filter, or `undefined` if the bytes are none. */
  decode(bytes: Uint8Array): Membership | undefined;
  /** Returns how large the filter is, or `undefined` if the bytes are none; does without the library. */
  shape(bytes: Uint8Array): BloomShape | undefined;
} = {
  encode(elements, errorRate) {
    const filter = library().BloomFilter.create(Math.max(1, elements.length), errorRate);
    for (const element of elements) filter.add(element);
    return encoder.encode(JSON.stringify(filter.saveAsJSON()));
  },
  decode(bytes) {
    const record = recordOf(bytes);
    return record && (library().BloomFilter.fromJSON(record as unknown as JSON) as Membership);
  },
  shape(bytes) {
    const record = recordOf(bytes);
    return record && { bits: record._size, hashes: record._nbHashes };
  },
};

interface BloomRecord {
  readonly type: 'BloomFilter';
  readonly _size: number;
  readonly _nbHashes: number;
  readonly _seed: number;
  readonly _filter: { readonly size: number; readonly content: string };
}

function recordOf(bytes: Uint8Array): BloomRecord | undefined {
  if (!hasFewValues(bytes)) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  return isBloomRecord(record) ? record : undefined;
}

/** Counts the bytes that begin values of JSON; the text of a filter has none within its strings. */
function hasFewValues(bytes: Uint8Array): boolean {
  let marks = 0;
  for (let at = 0; at < bytes.length && marks <= MARKS_MAX; at += 1) {
    const byte = bytes[at];
    if (byte === COMMA || byte === BRACE || byte === BRACKET) marks += 1;
  }
  return marks <= MARKS_MAX;
}

function isBloomRecord(value: unknown): value is BloomRecord {
  if (typeof value !== 'object' || value === null) return false;
  const {
    type,
    _size: size,
    _nbHashes: hashes,
    _seed: seed,
    _filter: filter,
  } = value as Partial<BloomRecord>;
  if (type !== 'BloomFilter' || !Number.isSafeInteger(seed) || typeof filter !== 'object' || filter === null)
    return false;
  if (typeof filter.content !== 'string') return false;
  if (!isCount(size) || !isCount(hashes) || hashes > HASHES_MAX || size < hashes) return false;
  const bits = Math.ceil(size / 8) * 8;
  return filter.size === bits && Buffer.from(filter.content, 'base64').length * 8 === bits;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function library(): typeof Library {
  loaded ??= require('bloom-filters') as typeof Library;
  return loaded;
}
