/** The hash of keys, as FORMAT.md writes it down. All arithmetic is modulo 2^32. */

export interface KeyHash {
  readonly low: number;
  readonly high: number;
}

export function keyHash(key: Uint8Array): KeyHash {
  let a = 0x9747b28c;
  let b = 0x3c6ef372;
  const tail = key.length % 4;
  const words = [...wholeWords(key), wordOf([...key.subarray(key.length - tail), 0, 0, 0])];
  for (const word of words) {
    a = step(a, times(word, 0xcc9e2d51), 0x1b873593);
    b = step(b, times(word, 0xc2b2ae35), 0x85ebca6b);
  }
  a = finish(a ^ key.length);
  const high = finish(b ^ times(a, 0xcc9e2d51) ^ key.length);
  const low = finish(times(a, 0x85ebca6b) ^ high);
  return { low, high };
}

function wholeWords(key: Uint8Array): number[] {
  return Array.from({ length: Math.floor(key.length / 4) }, (_, at) =>
    wordOf([...key.subarray(at * 4, at * 4 + 4)]),
  );
}

function wordOf(bytes: readonly number[]): number {
  return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
}

function step(lane: number, word: number, m: number): number {
  const x = (lane ^ times(rotl(word, 15), m)) >>> 0;
  return (times(rotl(x, 13), 5) + 0xe6546b64) >>> 0;
}

/** Mixes the low 32 bits of a number. */
export function finish(lane: number): number {
  let x = lane >>> 0;
  x = (x ^ (x >>> 16)) >>> 0;
  x = times(x, 0x85ebca6b);
  x = (x ^ (x >>> 13)) >>> 0;
  x = times(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The low 32 bits of a product, unsigned. */
export function times(left: number, right: number): number {
  return Number((BigInt(left) * BigInt(right)) % 2n ** 32n);
}

function rotl(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}
