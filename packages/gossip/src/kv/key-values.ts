/**
 * The keys of one member as one other knows them: an immutable value.
 *
 *     versions  1 ··· gc ······ max ········
 *               forgotten        complete   ahead: heard of early, gaps possible
 *               tombstones
 *
 * Only the member itself makes versions, one per change. Everything up to `max` is known; single entries may be known
 * beyond. Tombstones up to `gc` are forgotten, so whoever is behind `gc` cannot be brought up to date by changes alone: it
 * starts anew. (The rules of Scuttlebutt as chitchat applies them.)
 *
 * Invariants:
 * - `(gc, max)` grows lexicographically, and an entry's version grows.
 * - A deleted key does not come back: its tombstone stays until every view that lacks it is behind `gc`.
 * - A view is as large as what its member has, or has old values of some keys beside new ones of others: twice that.
 */
import type { DeltaItem, Entry, KeyedEntry } from '../item/item.ts';
import { KEYS_MAX, VIEW_BYTES_MAX } from '../item/limits.ts';

/** The keys of a member. */
export interface KeyValues {
  readonly max: number;
  readonly gc: number;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** No keys. */
export const NO_KEY_VALUES: KeyValues = { max: 0, gc: 0, entries: new Map() };

/** Returns `old` with one entry; `old` itself if that says nothing that it does not know. */
export function withEntry(old: KeyValues, key: string, entry: Entry): KeyValues {
  const known = old.entries.get(key);
  // Within what is complete or forgotten, an unknown version is one that was superseded or deleted.
  if (entry.version <= Math.max(old.max, old.gc) || (known !== undefined && known.version >= entry.version))
    return old;
  const entries = new Map(old.entries);
  entries.set(key, entry);
  if (!isWithinLimits(entries, VIEW_BYTES_MAX)) return old;
  return { max: completeUpTo(entries, old.max), gc: old.gc, entries };
}

/** Returns `old` with the changes of `delta`; `old` itself if they add nothing or do not fit to it. */
export function withDelta(old: KeyValues, delta: DeltaItem): KeyValues {
  const { from, to, gc } = delta;
  if (from > old.max) return old;
  const isReset = gc > Math.max(old.gc, old.max);
  if (isReset ? from !== 0 || to < gc : gc < old.gc || (gc === old.gc && to <= old.max)) return old;
  const entries = new Map(isReset ? [...old.entries].filter(([, { version }]) => version > gc) : old.entries);
  for (const [key, entry] of delta.entries) {
    const known = entries.get(key);
    if (known === undefined || known.version < entry.version) entries.set(key, entry);
  }
  const max = isReset ? to : Math.max(old.max, to);
  for (const [key, { version, value }] of entries)
    if (value === undefined && version <= Math.min(gc, max)) entries.delete(key);
  if (!isWithinLimits(entries, VIEW_BYTES_MAX)) return old;
  return { max: completeUpTo(entries, max), gc, entries };
}

/** Returns the entries that somebody who knows everything up to `from` lacks, in the order of their versions. */
export function entriesSince(values: KeyValues, from: number): KeyedEntry[] {
  const { entries, max } = values;
  return [...entries]
    .filter(([, { version }]) => version > from && version <= max)
    .sort(([, left], [, right]) => left.version - right.version);
}

/** Returns `old` without the tombstones up to version `gc`. Only the member itself decides that. */
export function withoutTombstones(old: KeyValues, gc: number): KeyValues {
  const entries = new Map(old.entries);
  for (const [key, { version, value }] of entries)
    if (value === undefined && version <= gc) entries.delete(key);
  return { max: old.max, gc, entries };
}

/** Tells whether the keys of a member are few enough, and their values together at most `bytesMax`. */
export function isWithinLimits(entries: ReadonlyMap<string, Entry>, bytesMax: number): boolean {
  if (entries.size > KEYS_MAX) return false;
  let bytes = 0;
  for (const { value } of entries.values()) bytes += value?.length ?? 0;
  return bytes <= bytesMax;
}

/** Goes on from `max` as long as the next version is there. */
function completeUpTo(entries: ReadonlyMap<string, Entry>, max: number): number {
  const ahead: number[] = [];
  for (const { version } of entries.values()) if (version > max) ahead.push(version);
  if (ahead.length === 0) return max;
  ahead.sort((left, right) => left - right);
  let complete = max;
  for (const version of ahead) if (version === complete + 1) complete = version;
  return complete;
}
