/**
 * Parts of files: the same object with narrower bounds, of which a reader shows nothing outside.
 *
 *     file     [a ───────────────── z)
 *     part     ····[f ─── m)··········
 *
 * Invariants:
 * - Bounds of parts are those of the file or of the range; counts and times stay those of the whole object.
 */
import { compareBytes } from '@clortho/base';
import type { FileEntry } from './file-entry.ts';

/** Keys `[lower, upper)`; without an upper bound if it is `undefined`. */
export interface KeyBounds {
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
}

/** Tells whether two ranges have keys in common. */
export function boundsOverlap(left: KeyBounds, right: KeyBounds): boolean {
  return isBelow(left.lower, right.upper) && isBelow(right.lower, left.upper);
}

/** Returns the part of a file inside `range`, if there is one. */
export function clipFile(file: FileEntry, range: KeyBounds): FileEntry | undefined {
  if (!boundsOverlap(file, range)) return undefined;
  const endsInside = file.upper !== undefined && !isBelow(range.upper ?? file.upper, file.upper);
  return {
    ...file,
    lower: compareBytes(file.lower, range.lower) < 0 ? range.lower : file.lower,
    upper: endsInside ? file.upper : range.upper,
  };
}

function isBelow(key: Uint8Array, upper: Uint8Array | undefined): boolean {
  return upper === undefined || compareBytes(key, upper) < 0;
}
