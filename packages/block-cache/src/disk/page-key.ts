/**
 * Which page of which object: what a page is called in memory and on disk.
 *
 *     object "sst/01J9.sst", 600 KiB        page 0      page 1     page 2
 *                                         |- 256 KiB -|- 256 KiB -|- 88 KiB -|
 *
 * Invariants:
 * - A name is never used for other bytes, so a page is never stale: what bears its name is right or damaged.
 * - A page is as long as `pageBytes`, or as what is left of its object.
 */
import { ClorthoError, encodeUtf8, type Hash64, hashBytes } from '@clortho/base';

/** The longest name of an object in bytes of UTF-8, the same as of a key of an object store. */
export const NAME_BYTES_MAX = 1024;

/** An immutable object whose ranges are cached. */
export interface CachedObject {
  /** Its name, for ever: an object of this name never has other bytes. UTF-8 of 1 to 1,024 bytes. */
  readonly name: string;
  /** How long it is, all of it, in bytes. */
  readonly bytes: number;
}

/** One page of an object. */
export interface PageKey {
  readonly object: CachedObject;
  /** The UTF-8 of the object's name. */
  readonly name: Uint8Array;
  /** Its number: it begins at `page * pageBytes` of the object. */
  readonly page: number;
  /** How many bytes it has. */
  readonly length: number;
  /** Chooses its set: pages that follow each other lie in sets that do. */
  readonly place: number;
  /** Its name in the table of tags: not 0, and good enough to find it, not to trust what is found. */
  readonly tag: number;
  /** Its name in memory, unique. */
  readonly id: string;
}

/**
 * Returns the keys of the pages that contain `[start, end)` of the object.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the object is not described as it must be, or has no such range.
 */
export function pageKeys(object: CachedObject, start: number, end: number, pageBytes: number): PageKey[] {
  const { name, bytes } = object;
  const utf8 = encodeUtf8(name);
  if (utf8.length === 0 || utf8.length > NAME_BYTES_MAX) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a name has 1 to ${NAME_BYTES_MAX} bytes: bytes=${utf8.length}`,
    );
  }
  const isRange =
    [bytes, start, end].every(Number.isSafeInteger) && start >= 0 && start <= end && end <= bytes;
  if (!isRange || bytes / pageBytes > 2 ** 32) {
    const facts = `object=${name} bytes=${bytes} start=${start} end=${end}`;
    throw new ClorthoError('CLORTHO_INVALID', `a range lies within its object: ${facts}`);
  }
  const hash: Hash64 = { low: 0, high: 0 };
  hashBytes(utf8, 0, utf8.length, hash);
  const keys: PageKey[] = [];
  for (let page = Math.floor(start / pageBytes); page * pageBytes < end; page += 1) {
    keys.push({
      object,
      name: utf8,
      page,
      length: Math.min(pageBytes, bytes - page * pageBytes),
      place: hash.low + page,
      tag: tagOf(hash.high, page),
      id: `${page}:${name}`,
    });
  }
  return keys;
}

// Both multipliers are odd, so that neighbours differ; 0 means that a slot is free.
function tagOf(high: number, page: number): number {
  const mixed = Math.imul(high ^ Math.imul(page, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0 || 1;
}
