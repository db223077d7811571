/**
 * Row filters: a user's function that says until when a row is there.
 *
 *     keep(row)    true           as long as nothing else ends it
 *                  false          never: the row is read as a delete
 *                  a timestamp    until then: a time to live of its own
 *
 * Reads ask the filter as merges do. So an answer does not depend on whether compaction has come by, and a merge may
 * take a row away as soon as no readable time falls before its end.
 *
 * Invariants:
 * - A filter depends on its arguments alone: not on the time, on other rows, or on anything that may change.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import { NEVER } from '@clortho/sst';

/** A named, versioned, pure function of a row. A new version is a new filter. */
export interface RowFilter {
  readonly name: string;
  readonly version: number;
  /**
   * Returns whether the row is kept, or the timestamp (in microseconds) from which it is gone. Key and value are views
   * that must not be changed or kept.
   */
  keep(key: Uint8Array, value: Uint8Array, timestamp: number): boolean | number;
}

/**
 * Returns the timestamp from which a filter lets a row be gone: NEVER if it is kept, its own if it never was there.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the filter throws or returns something else.
 */
export function filteredAt(filter: RowFilter, key: Uint8Array, value: Uint8Array, timestamp: number): number {
  let kept: boolean | number;
  try {
    kept = filter.keep(key, value, timestamp);
  } catch (cause) {
    if (isClorthoError(cause)) throw cause;
    throw new ClorthoError('CLORTHO_INVALID', `the row filter failed: ${nameOf(filter)}`, { cause });
  }
  if (kept === true) return NEVER;
  if (kept === false) return timestamp;
  if (typeof kept === 'number' && !Number.isNaN(kept)) return Math.min(Math.max(kept, timestamp), NEVER);
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `a row filter returns a boolean or a timestamp: ${nameOf(filter)} found=${String(kept)}`,
  );
}

function nameOf({ name, version }: RowFilter): string {
  return `filter=${name} version=${version}`;
}
