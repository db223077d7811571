/**
 * A first-in first-out queue of cache entries, linked through the entries themselves.
 *
 *     oldest                         newest
 *     +-----+ newer> +-----+ newer> +-----+
 *     |  A  |        |  B  |        |  C  |     entries = 3, bytes = weight(A) + weight(B) + weight(C)
 *     +-----+ <older +-----+ <older +-----+
 *
 * Links inside the entry make every move and removal O(1) without an allocation.
 *
 * Invariants:
 * - An entry is in at most one queue, and `entry.queue` names it.
 * - `bytes` and `entries` always describe exactly the linked entries.
 */
import { invariant } from '@clortho/base';

/** One cached value, or the memory of one (a ghost: `value` is undefined). */
export interface Entry<V> {
  readonly key: number;
  value: V | undefined;
  /** What the entry counts against the budget, in bytes; 0 for a ghost. */
  weight: number;
  /** Hits since the entry entered its queue, saturating at 3. */
  uses: number;
  queue: EntryQueue<V> | undefined;
  older: Entry<V> | undefined;
  newer: Entry<V> | undefined;
}

/** A queue of entries with the sum of their weights. Its fields are changed by this module only. */
export interface EntryQueue<V> {
  oldest: Entry<V> | undefined;
  newest: Entry<V> | undefined;
  entries: number;
  bytes: number;
}

/** Returns an empty queue. */
export function entryQueue<V>(): EntryQueue<V> {
  return { oldest: undefined, newest: undefined, entries: 0, bytes: 0 };
}

/** Appends an unlinked entry as the newest of `queue`. */
export function enqueue<V>(queue: EntryQueue<V>, entry: Entry<V>): void {
  invariant(entry.queue === undefined, 'an entry is in one queue at most', entry.key);
  entry.queue = queue;
  entry.older = queue.newest;
  if (queue.newest === undefined) queue.oldest = entry;
  else queue.newest.newer = entry;
  queue.newest = entry;
  queue.entries += 1;
  queue.bytes += entry.weight;
}

/** Removes an entry from the queue that holds it. */
export function unlink<V>(entry: Entry<V>): void {
  const { queue, older, newer } = entry;
  invariant(queue !== undefined, 'a linked entry has a queue', entry.key);
  if (older === undefined) queue.oldest = newer;
  else older.newer = newer;
  if (newer === undefined) queue.newest = older;
  else newer.older = older;
  queue.entries -= 1;
  queue.bytes -= entry.weight;
  entry.queue = undefined;
  entry.older = undefined;
  entry.newer = undefined;
}
