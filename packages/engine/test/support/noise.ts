/** Bytes that no codec makes small, and that a test can tell again. */

/** Returns `length` bytes that follow from `seed`. */
export function noise(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = seed + 1; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}
