/**
 * Which packets of a sender were taken already: a window of counters, as IPsec has it (RFC 6479).
 *
 * Invariants:
 * - A counter is accepted once; those that fell out of the window never.
 */

/** How far behind the newest packet one may be. */
export const WINDOW: number = 1024;

const WORDS = WINDOW / 32;

/** The counters of one sender. */
export class ReplayWindow {
  #newest = -1;
  readonly #bits = new Uint32Array(WORDS);

  /** Tells whether a packet with this counter could be taken. */
  isFresh(counter: number): boolean {
    if (counter > this.#newest) return true;
    if (this.#newest - counter >= WINDOW) return false;
    const bit = counter % WINDOW;
    return ((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0;
  }

  /** Notes a packet that was taken. */
  accept(counter: number): void {
    if (counter > this.#newest) {
      const first = Math.max(this.#newest + 1, counter - WINDOW + 1);
      for (let passed = first; passed <= counter; passed += 1) this.#clear(passed % WINDOW);
      this.#newest = counter;
    }
    const bit = counter % WINDOW;
    this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] as number) | (1 << (bit & 31));
  }

  #clear(bit: number): void {
    this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] as number) & ~(1 << (bit & 31));
  }
}
