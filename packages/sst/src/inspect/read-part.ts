/** The parts of a file, read one by one: what is wrong with one is a fact about it, and does not keep the others away. */
import { type ClorthoError, isClorthoError } from '@clortho/base';
import type { CodecName } from '../codec/codec.ts';
import { codecById } from '../codec/registry.ts';
import type { SectionSize } from '../file/footer.ts';
import { type BlockOrigin, codecIdOf, decodeStoredBlock } from '../file/stored-block.ts';
import type { Section } from '../section.ts';

/** The parts of a file, in order. */
export type SstPartName =
  | 'data blocks'
  | 'index partitions'
  | 'index'
  | 'filter'
  | 'range deletes'
  | 'properties'
  | 'footer';

/** One part of a file. */
export interface SstPart {
  readonly name: SstPartName;
  readonly offset: number;
  /** Stored bytes, envelopes included; 0 if the file does not have the part. */
  readonly bytes: number;
  /** Bytes before the codec; `undefined` for parts that are no single stored block, and for damaged ones. */
  readonly rawBytes: number | undefined;
  readonly codec: CodecName | undefined;
  /** What is wrong with the part, if something is. Data blocks are not looked at. */
  readonly damage: ClorthoError | undefined;
}

/** A part, and what its raw bytes decode to; nothing if it is absent or damaged. */
export interface ReadPart<T> {
  readonly part: SstPart;
  readonly content: T | undefined;
}

/** Reads the section of the given size at an offset of the file; `decode` throws what is wrong with it. */
export type ReadSection = <T>(
  name: SstPartName,
  offset: number,
  size: SectionSize,
  decode: (section: Section) => T,
) => ReadPart<T>;

/**
 * Returns a function that reads sections of a tail, which begins at `tailAt` of the file. Filter and range deletes may be
 * absent.
 */
export function sectionReader(tail: Uint8Array, tailAt: number, origin: BlockOrigin): ReadSection {
  return (name, offset, { stored, raw }, decode) => {
    const whole = wholePart(name, offset, stored);
    const mayBeAbsent = name === 'filter' || name === 'range deletes';
    if (stored === 0 && mayBeAbsent) return { part: whole, content: undefined };
    const bytes = tail.subarray(offset - tailAt, offset - tailAt + stored);
    try {
      const content = decode(decodeStoredBlock(bytes, raw, offset, origin));
      return { part: { ...whole, rawBytes: raw, codec: codecById(codecIdOf(bytes))?.name }, content };
    } catch (error) {
      return { part: { ...whole, damage: damageOf(error) }, content: undefined };
    }
  };
}

/** Returns a part that is no single stored block, or one that is absent. */
export function wholePart(name: SstPartName, offset: number, bytes: number): SstPart {
  return { name, offset, bytes, rawBytes: undefined, codec: undefined, damage: undefined };
}

/** Returns an error that tells of the bytes; throws every other one. */
export function damageOf(error: unknown): ClorthoError {
  if (isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED')) return error;
  throw error;
}
