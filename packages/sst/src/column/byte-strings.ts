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

/**
 * Decodes `count` strings of at most `bytesMax` bytes each, as copies that share one array.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeByteStrings(section: Section, count: number, bytesMax: number): Uint8Array[] {
  const lengths = decodeIntegers(section, count, 0, bytesMax);
  checkAllocation(section, (count + 1) * Uint32Array.BYTES_PER_ELEMENT);
  const offsets = new Uint32Array(count + 1);
  writeStarts(section, lengths, count, 0, section.bytes.length - section.offset, offsets, 0, 1);
  const length = offsets[count] as number;
  const start = takeBytes(section, length);
  const bytes = copyBytes(section.bytes, start, start + length);
  const strings: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1)
    strings.push(bytes.subarray(offsets[index], offsets[index + 1]));
  return strings;
}
