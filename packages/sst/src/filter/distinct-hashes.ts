/** Dropping equal hashes in linear time, whatever the hashes are: a radix sort, then a look at neighbours. */
import type { HashPairs } from './key-hashes.ts';

const DIGIT_BITS = 16;
const DIGITS = 2 ** DIGIT_BITS;

/** Returns the hashes in ascending order, each once, as a copy. */
export function distinctHashes({ count, halves }: HashPairs): HashPairs {
  let sorted = halves.slice(0, count * 2);
  let spare = new Uint32Array(count * 2);
  // Least significant digit first: low half, then high half; each pass keeps the order of the one before.
  for (let half = 0; half < 2; half += 1) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      sortByDigit(sorted, spare, half, shift);
      [sorted, spare] = [spare, sorted];
    }
  }
  let kept = 0;
  for (let at = 0; at < sorted.length; at += 2) {
    const low = sorted[at] as number;
    const high = sorted[at + 1] as number;
    if (kept > 0 && low === sorted[kept - 2] && high === sorted[kept - 1]) continue;
    sorted[kept] = low;
    sorted[kept + 1] = high;
    kept += 2;
  }
  return { count: kept / 2, halves: sorted };
}

/** Copies pairs in the order of one digit, stably. */
function sortByDigit(from: Uint32Array, to: Uint32Array, half: number, shift: number): void {
  const ends = new Uint32Array(DIGITS);
  const digitAt = (at: number): number => ((from[at + half] as number) >>> shift) % DIGITS;
  for (let at = 0; at < from.length; at += 2) {
    const digit = digitAt(at);
    ends[digit] = (ends[digit] as number) + 2;
  }
  for (let digit = 1; digit < DIGITS; digit += 1) {
    ends[digit] = (ends[digit] as number) + (ends[digit - 1] as number);
  }
  for (let at = from.length - 2; at >= 0; at -= 2) {
    const digit = digitAt(at);
    const target = (ends[digit] as number) - 2;
    ends[digit] = target;
    to[target] = from[at] as number;
    to[target + 1] = from[at + 1] as number;
  }
}
