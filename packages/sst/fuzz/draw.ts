/** Drawing from a seed: what a case is made of depends on its seed and number alone. */
import { type Random, randomBelow, seededRandom } from '@clortho/base';

/** Draws from one reproducible source. */
export class Draw {
  readonly #random: Random;

  /** Draws as `seededRandom(seed)` does. */
  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Returns an unsigned 32-bit integer. */
  uint32(): number {
    return this.#random.uint32();
  }

  /** Returns an integer in `[0, bound)`; 0 for a bound of 0. */
  below(bound: number): number {
    return randomBelow(this.#random, bound);
  }

  /** Returns an integer in `[least, most]`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Tells `true` once in `times` draws. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** Returns one of the items. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  /** Returns `length` random bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.uint32();
    return bytes;
  }
}

/** Returns the seed of the draw number `number` of a run: far apart for neighbouring numbers and seeds. */
export function seedOf(seed: number, number: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 0x7f4a7c15, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
