/**
 * Arrays of numbers that are needed only until the function that asked for them returns: one per use, the same for every call.
 *
 * Encoding and decoding a block takes several, and to allocate and collect them would cost more than to fill them. Nothing that
 * uses them waits or calls itself.
 */

/** What an array is for. */
export const SCRATCH = {
  valueLengths: 0,
  bundleLengths: 1,
  suffixLengths: 2,
} as const;

const arrays = Object.values(SCRATCH).map(() => new Float64Array(0));

/** Returns the array for a use, with room for `count` numbers at least; what is in it is left over. */
export function scratchNumbers(use: (typeof SCRATCH)[keyof typeof SCRATCH], count: number): Float64Array {
  const array = arrays[use] as Float64Array;
  if (array.length >= count) return array;
  const larger = new Float64Array(2 * count);
  // What is needed for a block of tiny rows once would be kept for good.
  if (larger.length <= KEPT_NUMBERS_MAX) arrays[use] = larger;
  return larger;
}

const KEPT_NUMBERS_MAX = 64 * 1024;
