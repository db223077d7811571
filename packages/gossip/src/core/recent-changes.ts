/**
 * The facts that arrived last: what somebody whose digest differs most probably lacks.
 *
 * Values come first, the newest first: a cluster in turmoil has many new facts about members, and each of them is told by
 * several, but a value only by its owner.
 *
 * Invariants:
 * - At most `RECENT_MAX` values and as many facts about members, none older than `RECENT_MS`.
 */
import type { Item } from '../item/item.ts';

const RECENT_MAX = 16;
const RECENT_MS = 60_000;

interface Change {
  readonly item: Item;
  readonly at: number;
}

/** Remembers the last facts. */
export class RecentChanges {
  readonly #values: Change[] = [];
  readonly #members: Change[] = [];

  /** Notes a fact. */
  note(item: Item, now: number): void {
    const changes = item.kind === 'member' ? this.#members : this.#values;
    changes.unshift({ item, at: now });
    if (changes.length > RECENT_MAX) changes.pop();
  }

  /** Yields facts, values first, newest first. */
  *newest(now: number): Generator<Item> {
    for (const changes of [this.#values, this.#members]) {
      for (const { item, at } of changes) {
        if (now - at > RECENT_MS) break;
        yield item;
      }
    }
  }
}
