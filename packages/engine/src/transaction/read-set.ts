/**
 * What a transaction has read: keys with the version that was visible, absent ones included, and ranges with their rows.
 *
 * A read stands if the newest state shows the same version: then the transaction read, at its commit, what it read before.
 * Versions are told apart by their commit timestamps, of which a key never has the same one twice.
 *
 * Invariants:
 * - A range is noted as far as it was read: rows that come to be behind the place where a scan was left do not matter.
 */
import {
  ClorthoError,
  compareBytes,
  intersectIntervals,
  isEmptyInterval,
  type KeyInterval,
  keySuccessor,
} from '@clortho/base';
import { type ShardState, shardPosition } from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import type { Reader } from '../read/reader.ts';
import { type StoreView, shardInterval, stateOfShard } from '../view/store-view.ts';

interface PointRead {
  readonly family: Family;
  readonly key: Uint8Array;
  /** The timestamp of the visible version; `undefined` if there was none. */
  readonly timestamp: number | undefined;
}

/** A range under way: the rows of the store that were read, and how far. */
export class RangeRead {
  readonly family: Family;
  readonly reverse: boolean;
  readonly rows: { readonly key: Uint8Array; readonly timestamp: number }[] = [];
  readonly #whole: KeyInterval;
  #interval: KeyInterval;

  /** Begins to read `whole`; nothing of it was read so far. */
  constructor(family: Family, whole: KeyInterval, reverse: boolean) {
    this.family = family;
    this.reverse = reverse;
    this.#whole = whole;
    this.#interval = { start: whole.start, end: whole.start };
  }

  /** What was read. */
  get interval(): KeyInterval {
    return this.#interval;
  }

  /** Notes the next row of the store. */
  row(key: Uint8Array, timestamp: number): void {
    const { start, end } = this.#whole;
    const own = new Uint8Array(key); // The row is the caller's, and shares memory with its neighbours.
    this.rows.push({ key: own, timestamp });
    this.#interval = this.reverse ? { start: own, end } : { start, end: keySuccessor(own) };
  }

  /** Notes that there is no further row. */
  end(): void {
    this.#interval = this.#whole;
  }
}

/** The read set of one attempt, all of one view. */
export class ReadSet {
  readonly #view: StoreView;
  readonly #points: PointRead[] = [];
  readonly #ranges: RangeRead[] = [];

  /** Creates the empty set of reads in `view`. */
  constructor(view: StoreView) {
    this.#view = view;
  }

  /** Notes what was found of a key. */
  addPoint(family: Family, key: Uint8Array, timestamp: number | undefined): void {
    this.#points.push({ family, key, timestamp });
  }

  /** Notes a range that is about to be read. */
  addRange(range: RangeRead): void {
    this.#ranges.push(range);
  }

  /** Returns the numbers of the shards of `view`, this one or a later one, that hold what was read. */
  shardsIn(view: StoreView): Set<number> {
    const { map } = view;
    const numbers = new Set<number>();
    for (const { key } of this.#points) numbers.add(map.shards[shardPosition(map, key)] as number);
    for (const { interval } of this.#ranges) {
      for (const [position, shard] of map.shards.entries()) {
        if (!isEmptyInterval(intersectIntervals(interval, shardInterval(view, position)))) numbers.add(shard);
      }
    }
    return numbers;
  }

  /**
   * Returns normally if all reads stand in `newest`, a later view.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` naming the first that does not.
   */
  async validate(reader: Reader, newest: StoreView): Promise<void> {
    for (const { family, key, timestamp } of this.#points) {
      if (!this.#hasMoved(newest.shards[shardPosition(newest.map, key)])) continue;
      const version = await reader.versionIn(newest, family, key);
      if (version !== timestamp)
        throw conflict(`a key that was read: ${timestamp ?? 'absent'} is ${version ?? 'absent'}`);
    }
    for (const range of this.#ranges) {
      const moved = newest.shards.some(
        (state, position) =>
          this.#hasMoved(state) &&
          !isEmptyInterval(intersectIntervals(range.interval, shardInterval(newest, position))),
      );
      if (moved) await validateRange(reader, newest, range);
    }
  }

  /** A shard that was made since has moved. */
  #hasMoved(newest: ShardState | undefined): boolean {
    const known = newest && stateOfShard(this.#view, newest.head.shard);
    return known === undefined || known.head.version !== newest?.head.version;
  }
}

async function validateRange(reader: Reader, view: StoreView, range: RangeRead): Promise<void> {
  const { rows, reverse, family, interval } = range;
  let at = 0;
  for await (const { key, timestamp } of reader.rowsIn(view, family, interval, { reverse })) {
    const known = rows[at];
    if (known === undefined || known.timestamp !== timestamp || compareBytes(known.key, key) !== 0) {
      throw conflict('a row of a range that was read');
    }
    at += 1;
  }
  if (at < rows.length) throw conflict('a row of a range that was read is gone');
}

function conflict(what: string): ClorthoError {
  return new ClorthoError('CLORTHO_CONFLICT', `another commit changed ${what}`);
}
