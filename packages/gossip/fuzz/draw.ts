/** Drawing from a seed: what a packet is made of depends on its seed and number alone. */
import { type Random, randomBelow, seededRandom } from '@clortho/base';

/** Draws from one reproducible source. */
export class Draw {
  readonly random: Random;

  /** Draws for the packet `number` of a run. */
  constructor(seed: number, number: number) {
    let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 0x7f4a7c15, 0xc2b2ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    this.random = seededRandom(mixed ^ (mixed >>> 13));
  }

  /** Returns an integer in `[0, bound)`. */
  below(bound: number): number {
    return randomBelow(this.random, bound);
  }

  /** Tells `true` once in `times` draws. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** Returns one of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Returns `length` random bytes. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.random.uint32());
  }
}
