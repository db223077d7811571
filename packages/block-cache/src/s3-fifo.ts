/**
 * S3-FIFO: three queues decide what stays in memory (Yang et al., "FIFO queues are all you need for
 * cache eviction", SOSP 2023).
 *
 *     new key --> small (10 %) --used twice--> main (90 %) --unused--> out
 *                   |                           ^      |
 *                   '--otherwise--> ghost ------'      '--used: back to the newest end, one use less
 *                                   (keys only; comes back: straight to main)
 *
 * Most blocks of a scan are touched once: they pass through the small queue and never displace what
 * point reads keep using. A hit only bumps a counter, so reading moves nothing.
 *
 * Invariants:
 * - The weights of resident entries never sum to more than `bytesMax`.
 * - A ghost holds a key and no value; there are at most as many ghosts as the limit, or, without one, as
 *   resident entries.
 * - One table holds residents and ghosts, so a lookup is one probe.
 */
import { ClorthoError } from '@clortho/base';
import { type Entry, type EntryQueue, enqueue, entryQueue, unlink } from './entry-queue.ts';
import { keyTable } from './key-table.ts';

/** The share of the budget that the small queue may fill before it is evicted from first. */
const SMALL_SHARE = 0.1;
/** Two bits of use count, as in the paper. */
const USES_MAX = 3;
/** Hits in the small queue that earn a place in the main queue. */
const USES_TO_PROMOTE = 2;

/** A synchronous weighted cache; see {@link s3Fifo}. */
export interface S3Fifo<V> {
  /** How many entries were pushed out by others. */
  readonly evictions: number;
  /** How many entries were taken in. */
  readonly inserted: number;
  readonly entries: number;
  readonly bytes: number;
  /** Returns the resident value and counts a use. */
  get(key: number): V | undefined;
  /** Keeps `value` if it fits the budget at all, replacing what the key held. */
  set(key: number, value: V, weight: number): void;
  /** Forgets the key, its ghost included. */
  delete(key: number): void;
  /** Forgets all keys in `[first, end)`. */
  deleteRange(first: number, end: number): void;
  /** Forgets everything; the counters stay. */
  clear(): void;
}

/** Returns an empty cache of `bytesMax`, remembering at most `ghostEntriesMax` evicted keys. */
export function s3Fifo<V>(bytesMax: number, ghostEntriesMax: number | undefined): S3Fifo<V> {
  const known = keyTable<Entry<V>>();
  const small = entryQueue<V>();
  const main = entryQueue<V>();
  const ghosts = entryQueue<V>();
  const smallBytes = bytesMax * SMALL_SHARE;
  let evictions = 0;
  let inserted = 0;

  const forget = (entry: Entry<V>): void => {
    unlink(entry);
    known.delete(entry.key);
  };

  const haunt = (entry: Entry<V>): void => {
    unlink(entry);
    entry.value = undefined;
    entry.weight = 0;
    enqueue(ghosts, entry);
    const limit = ghostEntriesMax ?? small.entries + main.entries;
    while (ghosts.entries > limit) forget(ghosts.oldest as Entry<V>);
  };

  const evictFromSmall = (entry: Entry<V>): void => {
    if (entry.uses >= USES_TO_PROMOTE) {
      unlink(entry);
      entry.uses = 0;
      enqueue(main, entry);
      return;
    }
    evictions += 1;
    haunt(entry);
  };

  const evictFromMain = (entry: Entry<V>): void => {
    if (entry.uses > 0) {
      unlink(entry);
      entry.uses -= 1;
      enqueue(main, entry);
      return;
    }
    evictions += 1;
    forget(entry);
  };

  // Each step frees an entry, promotes one, or takes a use away: no more than finitely many in a row free none.
  const makeRoom = (weight: number): void => {
    while (small.bytes + main.bytes + weight > bytesMax) {
      const fromSmall = small.oldest;
      const fromMain = main.oldest;
      if (fromSmall !== undefined && (fromMain === undefined || small.bytes >= smallBytes)) {
        evictFromSmall(fromSmall);
      } else {
        evictFromMain(fromMain as Entry<V>);
      }
    }
  };

  const queueToEnter = (previous: Entry<V> | undefined): EntryQueue<V> => {
    if (previous === undefined) return small;
    return previous.queue === ghosts ? main : (previous.queue as EntryQueue<V>);
  };

  return {
    get evictions() {
      return evictions;
    },
    get inserted() {
      return inserted;
    },
    get entries() {
      return small.entries + main.entries;
    },
    get bytes() {
      return small.bytes + main.bytes;
    },
    get(key) {
      const entry = known.get(key);
      if (entry === undefined || entry.queue === ghosts) return undefined;
      if (entry.uses < USES_MAX) entry.uses += 1;
      return entry.value;
    },
    set(key, value, weight) {
      if (!Number.isSafeInteger(weight) || weight <= 0) {
        throw new ClorthoError('CLORTHO_INVALID', `a weight is a positive integer: weight=${weight}`);
      }
      if (!Number.isSafeInteger(key)) {
        throw new ClorthoError('CLORTHO_INVALID', `a key is a safe integer: key=${key}`);
      }
      const previous = known.get(key);
      const queue = queueToEnter(previous);
      const uses = previous === undefined || previous.queue === ghosts ? 0 : previous.uses;
      if (previous !== undefined) forget(previous);
      if (weight > bytesMax) return;
      makeRoom(weight);
      const entry: Entry<V> = {
        key,
        value,
        weight,
        uses,
        queue: undefined,
        older: undefined,
        newer: undefined,
      };
      known.set(key, entry);
      enqueue(queue, entry);
      inserted += 1;
    },
    delete(key) {
      const entry = known.get(key);
      if (entry !== undefined) forget(entry);
    },
    deleteRange(first, end) {
      // A file's key space is far wider than its blocks: walk whichever is shorter.
      if (end - first < known.size) {
        for (let key = first; key < end; key += 1) this.delete(key);
        return;
      }
      for (const queue of [small, main, ghosts]) {
        for (let entry = queue.oldest; entry !== undefined; ) {
          const next: Entry<V> | undefined = entry.newer;
          if (entry.key >= first && entry.key < end) forget(entry);
          entry = next;
        }
      }
    },
    clear() {
      for (const queue of [small, main, ghosts]) {
        while (queue.oldest !== undefined) unlink(queue.oldest);
      }
      known.clear();
    },
  };
}
