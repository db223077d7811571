/**
 * A section: decoded bytes of a file being read, which know where in the file they came from.
 *
 * Invariants:
 * - Decoders check every length against the section before they use it, so hostile bytes end in
 *   `CLORTHO_CORRUPT` and never in a read out of bounds or an allocation larger than the section warrants.
 */
import { ClorthoError, type Cursor, decodeVarint } from '@clortho/base';

/** Bytes, the offset of the next byte to read, and their origin for error messages. */
export interface Section extends Cursor {
  /** The file, as its opener named it. */
  readonly name: string;
  /** The offset in the file of the stored block that the bytes came from. */
  readonly fileOffset: number;
  /** The most bytes of any array that is allocated for what is decoded. */
  readonly bytesMax: number;
}

/** Returns the error for bytes that break the format: the text, the file and the offset of the block. */
export function corruptSection(section: Section, problem: string): ClorthoError {
  return corruptFile(section.name, section.fileOffset, `${problem} at ${section.offset} of the block`);
}

/** Returns the error for a file that is damaged at an offset. */
export function corruptFile(name: string, offset: number, problem: string, cause?: unknown): ClorthoError {
  const options = cause === undefined ? undefined : { cause };
  return new ClorthoError('CLORTHO_CORRUPT', `${problem}: file=${name} offset=${offset}`, options);
}

/** Advances the section by `length` bytes and returns where they start. Throws `CLORTHO_CORRUPT` if it is shorter. */
export function takeBytes(section: Section, length: number): number {
  const start = section.offset;
  if (length > section.bytes.length - start) throw corruptSection(section, 'bytes end early');
  section.offset = start + length;
  return start;
}

/** Decodes a varint of at most `most`. Throws `CLORTHO_CORRUPT` otherwise. */
export function takeVarint(section: Section, most: number): number {
  let value: number;
  try {
    value = decodeVarint(section);
  } catch (cause) {
    throw corruptFile(
      section.name,
      section.fileOffset,
      `bad varint at ${section.offset} of the block`,
      cause,
    );
  }
  if (value > most) throw corruptSection(section, 'count out of bounds');
  return value;
}

/** Throws `CLORTHO_CORRUPT` if an array of `bytes` bytes must not be allocated for the section. */
export function checkAllocation(section: Section, bytes: number): void {
  if (bytes > section.bytesMax) throw corruptSection(section, 'more than the bound of a block');
}

/** Throws `CLORTHO_CORRUPT` unless everything was read. */
export function endSection(section: Section): void {
  if (section.offset !== section.bytes.length) throw corruptSection(section, 'bytes left over');
}
