/** The hashes of the distinct keys of a file, gathered while it is written: eight bytes per key. */
import { type Hash64, hashBytes } from '@clortho/base';

/** 64-bit hashes as pairs of 32-bit halves. */
export interface HashPairs {
  readonly count: number;
  /** Hash i is `halves[2 * i]` (low) and `halves[2 * i + 1]` (high); there may be room for more behind them. */
  readonly halves: Uint32Array;
}

/** A growing list of hashes. */
export class KeyHashes implements HashPairs {
  count = 0;
  halves: Uint32Array = new Uint32Array(64);
  readonly #hash: Hash64 = { low: 0, high: 0 };

  /** Hashes and appends a key; the caller gives each key once. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const at = this.count * 2;
    if (at === this.halves.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.halves);
      this.halves = larger;
    }
    hashBytes(bytes, start, end, this.#hash);
    this.halves[at] = this.#hash.low;
    this.halves[at + 1] = this.#hash.high;
    this.count += 1;
  }
}
