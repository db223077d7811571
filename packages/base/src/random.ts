/**
 * Randomness from outside: everything that draws takes a {@link Random}, so a simulation can seed it.
 */
import { randomFillSync } from 'node:crypto';

/** A source of random numbers. */
export interface Random {
  /** Returns an unsigned 32-bit integer. */
  uint32(): number;
}

/** Cryptographic randomness of the machine. */
export const systemRandom: Random = {
  uint32: () => {
    if (poolOffset === pool.length) {
      randomFillSync(pool);
      poolOffset = 0;
    }
    return pool[poolOffset++] as number;
  },
};

const pool = new Uint32Array(256);
let poolOffset = pool.length;

/** Returns a reproducible source: sfc32 (Chris Doty-Humphrey, PractRand), good enough for tests and jitter. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const uint32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) uint32();
  return { uint32 };
}

/** Returns a number in [0, 1) with 32 random bits. */
export function randomFraction(random: Random): number {
  return random.uint32() / 0x1_0000_0000;
}

/** Returns an integer in `[0, bound)`. `bound` is at most 2^32. */
export function randomBelow(random: Random, bound: number): number {
  return Math.floor(randomFraction(random) * bound);
}
