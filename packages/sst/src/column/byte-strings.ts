/**
 * Byte-string columns: n byte strings in any order, as their lengths and then their bytes.
 */
import { copyBytes } from '@clortho/base';
import { checkAllocation, type Section, takeBytes } from '../section.ts';
import type { ByteSink } from '../sink.ts';
import { decodeIntegers, encodeIntegers, writeStarts } from './integers.ts';

/** Encodes the strings in order. */
export function encodeByteStrings(sink: ByteSink, strings: readonly Uint8Array[]): void {
  const lengths = new Float64Array(strings.length);
  for (let index = 0; index < strings.length; index += 1)
    lengths[index] = (strings[index] as Uint8Array).length;
  encodeIntegers(sink, lengths, strings.length);
  for (const bytes of strings) sink.copy(bytes, 0, bytes.length);
}

/** Decoded strings: one array, however many there are, because their number is up to who wrote the file. */
export interface ByteStrings {
  readonly bytes: Uint8Array;
  /** String i is `bytes[starts[i], starts[i + 1])`; `undefined` where all have one length. */
  readonly starts: Uint32Array | undefined;
  /** The length of every string when `starts` is `undefined`. */
  readonly length: number;
}

/**
 * Decodes `count` strings of at most `bytesMax` bytes each, as a copy.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeByteStrings(section: Section, count: number, bytesMax: number): ByteStrings {
  const lengths = decodeIntegers(section, count, 0, bytesMax);
  let starts: Uint32Array | undefined;
  let total = lengths.constant * count;
  if (lengths.values !== undefined) {
    checkAllocation(section, (count + 1) * Uint32Array.BYTES_PER_ELEMENT);
    starts = new Uint32Array(count + 1);
    writeStarts(section, lengths, count, 0, section.bytes.length - section.offset, starts, 0, 1);
    total = starts[count] as number;
  }
  const from = takeBytes(section, total);
  return { bytes: copyBytes(section.bytes, from, from + total), starts, length: lengths.constant };
}

/** Returns string `index`, a view. */
export function byteStringAt({ bytes, starts, length }: ByteStrings, index: number): Uint8Array {
  if (starts === undefined) return bytes.subarray(index * length, (index + 1) * length);
  return bytes.subarray(starts[index], starts[index + 1]);
}

/** Returns the memory that strings hold, in bytes. */
export function byteStringsWeight({ bytes, starts }: ByteStrings): number {
  return bytes.length + (starts?.byteLength ?? 0);
}
