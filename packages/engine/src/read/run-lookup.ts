/** Running a lookup to its end: at once where memory can answer, else with loads in between. */
import type { Resolved } from '@clortho/compaction';
import { BLOCKED } from '@clortho/sst';
import type { Lookup, LookupTarget } from './lookup.ts';
import { loadRangeDeletes } from './range-deletes.ts';

/** Memory cannot answer; the asynchronous call can. */
export const NOT_RESIDENT: unique symbol = Symbol('not resident');

/** What is made of a version that was found. */
export type UseFound<T> = (resolved: Resolved, target: LookupTarget, key: Uint8Array) => T;

/** Returns what `use` makes of the found version, `undefined` if absent, or NOT_RESIDENT. Loads nothing. */
export function peekLookup<T>(
  lookup: Lookup,
  target: LookupTarget,
  key: Uint8Array,
  use: UseFound<T>,
): T | undefined | typeof NOT_RESIDENT {
  lookup.start(target, key);
  if (lookup.step() === BLOCKED) return NOT_RESIDENT;
  const resolved = lookup.resolve();
  if (resolved === BLOCKED) return NOT_RESIDENT;
  const result = resolved === undefined ? undefined : use(resolved, target, key);
  lookup.end();
  return result;
}

/** Returns what `use` makes of the found version, or `undefined` if the key is absent; loads what is missing. */
export async function runLookup<T>(
  lookup: Lookup,
  target: LookupTarget,
  key: Uint8Array,
  use: UseFound<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  lookup.start(target, key);
  try {
    while (lookup.step() === BLOCKED) await lookup.load(signal);
    let resolved = lookup.resolve();
    if (resolved === BLOCKED) {
      await loadRangeDeletes(target.tables, target.files.delta);
      resolved = lookup.resolve();
    }
    if (resolved === BLOCKED) throw new TypeError('loaded range deletes are at hand');
    return resolved === undefined ? undefined : use(resolved, target, key);
  } finally {
    lookup.end();
  }
}
