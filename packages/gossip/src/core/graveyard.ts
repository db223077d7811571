/**
 * Who is gone for good: what is remembered of forgotten members, so that old facts do not bring them back.
 *
 * Invariants:
 * - At most `GRAVES_MAX` graves, the oldest given up first.
 */
import type { MemberItem } from '../item/item.ts';

const GRAVES_MAX = 65_536;

interface Grave {
  readonly item: MemberItem;
  readonly since: number;
}

/** Remembers the last fact about forgotten members. */
export class Graveyard {
  readonly #graveMs: number;
  readonly #graves = new Map<number, Grave>();

  /** Creates a graveyard that remembers for `graveMs`. */
  constructor(graveMs: number) {
    this.#graveMs = graveMs;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#graves.size;
  }

  /** Returns the last fact about a forgotten member. */
  find(id: number): MemberItem | undefined {
    return this.#graves.get(id)?.item;
  }

  /** Remembers a member. */
  bury(item: MemberItem, now: number): void {
    this.#graves.delete(item.id);
    this.#graves.set(item.id, { item, since: now });
    if (this.#graves.size <= GRAVES_MAX) return;
    const [oldest] = this.#graves.keys();
    if (oldest !== undefined) this.#graves.delete(oldest);
  }

  /** Gives up graves that are old. */
  reap(now: number): void {
    for (const [id, { since }] of this.#graves) {
      if (now - since < this.#graveMs) return;
      this.#graves.delete(id);
    }
  }
}
