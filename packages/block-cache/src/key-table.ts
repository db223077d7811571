/**
 * A hash table from integer keys to objects: open addressing, linear probing.
 *
 *     slot       0      1      2      3      4      5      6      7
 *     keys    [ NaN |  17  |  33  | NaN  | NaN  |  52  | NaN  | NaN ]    NaN: free
 *     values  [     |  A   |  B   |      |      |  C   |      |     ]
 *                      ^ 17 and 33 want slot 1: 33 went one further
 *
 * Cache keys exceed 31 bits, and a `Map` keeps such numbers as heap objects: its lookups take twice as long as
 * these or more (measured at 1,000 and at 100,000 keys).
 *
 * Invariants:
 * - At most half of the slots are taken, so every probe ends at a free one.
 * - No free slot lies between a key's own slot and where it is: a removal shifts its followers back.
 */

const SLOTS_MIN = 16;

/** A table of `size` keys; see {@link keyTable}. */
export interface KeyTable<T> {
  readonly size: number;
  /** Returns what `key` maps to, or `undefined`. */
  get(key: number): T | undefined;
  /** Maps `key`, a number other than NaN, to `value`. */
  set(key: number, value: T): void;
  /** Removes `key` if it is there. */
  delete(key: number): void;
  /** Removes all keys and gives their memory back. */
  clear(): void;
}

/** Returns an empty table. It grows as needed and shrinks only when cleared. */
export function keyTable<T>(): KeyTable<T> {
  let keys = new Float64Array(SLOTS_MIN).fill(Number.NaN);
  let values: (T | undefined)[] = Array.from({ length: SLOTS_MIN });
  let mask = SLOTS_MIN - 1;
  let size = 0;

  // The slot that holds `key`, or the free one where it belongs.
  const find = (key: number): number => {
    let slot = hash(key) & mask;
    for (let held = keys[slot] as number; held === held && held !== key; held = keys[slot] as number) {
      slot = (slot + 1) & mask;
    }
    return slot;
  };

  const resize = (slots: number): void => {
    const oldKeys = keys;
    const oldValues = values;
    keys = new Float64Array(slots).fill(Number.NaN);
    values = Array.from({ length: slots });
    mask = slots - 1;
    for (let old = 0; old < oldKeys.length; old += 1) {
      const key = oldKeys[old] as number;
      if (Number.isNaN(key)) continue;
      const slot = find(key);
      keys[slot] = key;
      values[slot] = oldValues[old];
    }
  };

  return {
    get size() {
      return size;
    },
    get: (key) => values[find(key)],
    set(key, value) {
      let slot = find(key);
      if (keys[slot] !== key) {
        size += 1;
        if (size * 2 > keys.length) {
          resize(keys.length * 2);
          slot = find(key);
        }
        keys[slot] = key;
      }
      values[slot] = value;
    },
    delete(key) {
      let hole = find(key);
      if (keys[hole] !== key) return;
      size -= 1;
      for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
        const follower = keys[slot] as number;
        if (Number.isNaN(follower)) break;
        // It may move back unless that would put it before its own slot (distances wrap around).
        const own = hash(follower) & mask;
        if (((slot - own) & mask) < ((slot - hole) & mask)) continue;
        keys[hole] = follower;
        values[hole] = values[slot];
        hole = slot;
      }
      keys[hole] = Number.NaN;
      values[hole] = undefined;
    },
    clear() {
      size = 0;
      keys = keys.subarray(0, 0);
      resize(SLOTS_MIN);
    },
  };
}

// Both halves of the 53-bit key count; the multiplication by 2^32 / phi spreads runs of consecutive keys.
function hash(key: number): number {
  const high = Math.floor(key / 0x1_0000_0000);
  const mixed = Math.imul((key >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
