/**
 * The ETags of registers as this store last saw them, so that a swap need not read first.
 *
 * Invariants:
 * - An entry is only ever a hint: a swap with a stale ETag fails its condition.
 * - At most `ENTRIES_MAX` entries are kept; the least recently stored goes first.
 */

/** The most entries. */
const ENTRIES_MAX = 1024;

/** A version of a register and the ETag of the object that holds it. */
export interface SeenVersion {
  readonly version: number;
  readonly etag: string;
}

/** Remembers versions by register key. */
export interface EtagCache {
  get(key: string): SeenVersion | undefined;
  set(key: string, seen: SeenVersion): void;
  delete(key: string): void;
}

/** Returns an empty cache. */
export function etagCache(): EtagCache {
  const entries = new Map<string, SeenVersion>();
  return {
    get: (key) => entries.get(key),
    set(key, seen) {
      entries.delete(key);
      entries.set(key, seen);
      const [oldest] = entries.keys();
      if (entries.size > ENTRIES_MAX && oldest !== undefined) entries.delete(oldest);
    },
    delete(key) {
      entries.delete(key);
    },
  };
}
