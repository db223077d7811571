/** Growing typed arrays by doubling, so that appending costs amortised constant time. */

/** Returns `bytes`, or a larger array with a copy of its first `used` bytes, that holds `needed` bytes. */
export function grown(bytes: Uint8Array, used: number, needed: number): Uint8Array {
  if (needed <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2));
  larger.set(bytes.subarray(0, used));
  return larger;
}

/** Returns `values`, or a larger array with a copy of it, that holds `needed` numbers. */
export function grownNumbers(values: Float64Array, needed: number): Float64Array {
  if (needed <= values.length) return values;
  const larger = new Float64Array(Math.max(needed, values.length * 2));
  larger.set(values);
  return larger;
}
