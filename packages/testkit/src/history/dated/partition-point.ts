/** Binary search. */

/** Returns how many of `length` ordered items, from the first, satisfy a condition that no later one does. */
export function partitionPoint(length: number, holds: (place: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
