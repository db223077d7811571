/** Columns of timestamps: stored, or absent and supplied by the opener of the file. */
import type { Section } from '../section.ts';
import { decodeIntegers, type Integers } from './integers.ts';

/**
 * Decodes `count` timestamps. With `timestamp`, the file stores none: its column holds zeros only, and all rows have
 * the one given.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeTimestamps(section: Section, count: number, timestamp: number | undefined): Integers {
  if (timestamp === undefined) {
    return decodeIntegers(section, count, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }
  decodeIntegers(section, count, 0, 0);
  return { values: undefined, constant: timestamp };
}
