/**
 * The shard map: half-open key ranges to shards, in one register.
 *
 * Invariants:
 * - Shard i holds the keys in `[splits[i - 1], splits[i])`; the first begins at the empty key, the last is open.
 * - Split keys strictly increase from the empty key, which is none; shard numbers are distinct; there is one shard more than split keys.
 */
import { ClorthoError, compareBytes, EMPTY_BYTES, invariant } from '@clortho/base';
import { FieldReader } from './fields.ts';
import { decodeRecord, encodeRecord, type RecordKind } from './record.ts';

/** The register of the map. */
export const SHARD_MAP_KEY = 'map';
/** The map's record. */
export const SHARD_MAP_RECORD: RecordKind = { magic: 'CLmp', version: 1, name: 'shard map' };

/** Which shard holds which keys. */
export interface ShardMap {
  readonly splits: readonly Uint8Array[];
  /** Shard numbers in key order. */
  readonly shards: readonly number[];
}

/** Returns the map of a new store, shards numbered from 0 in key order. */
export function newShardMap(splits: readonly Uint8Array[]): ShardMap {
  return { splits, shards: [0, ...splits.map((_, index) => index + 1)] };
}

/** Returns `count - 1` split keys of one byte each that cut the space of the first byte evenly; at most 255. */
export function evenSplits(count: number): Uint8Array[] {
  invariant(count >= 1 && count <= 256, 'one byte has 256 values to split at', count);
  return Array.from({ length: count - 1 }, (_, index) =>
    Uint8Array.of(Math.floor((256 * (index + 1)) / count)),
  );
}

/** Returns the position in the map of the shard that holds `key`. */
export function shardPosition(map: ShardMap, key: Uint8Array): number {
  let low = 0;
  let high = map.splits.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(map.splits[middle] as Uint8Array, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the bytes of a map, owned by the caller. */
export function encodeShardMap(store: string, map: ShardMap): Uint8Array {
  return encodeRecord(SHARD_MAP_RECORD, [store, map.splits, map.shards]);
}

/**
 * Returns the map that `bytes` hold.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if it is damaged, of another store, or not a partition;
 *   `CLORTHO_UNSUPPORTED` if its format is newer.
 */
export function decodeShardMap(bytes: Uint8Array, store: string): ShardMap {
  const name = SHARD_MAP_KEY;
  const fields = new FieldReader(decodeRecord(SHARD_MAP_RECORD, bytes, name), 3, name);
  if (fields.text() !== store)
    throw new ClorthoError('CLORTHO_CORRUPT', `shard map belongs to another store: register=${name}`);
  const splits = fields.list((value) => new FieldReader([value], 1, name).bytes());
  const shards = fields.list((value) => new FieldReader([value], 1, name).integer());
  const ordered = splits.every((key, index) => compareBytes(splits[index - 1] ?? EMPTY_BYTES, key) < 0);
  const isPartition = shards.length === splits.length + 1 && new Set(shards).size === shards.length;
  if (!ordered || !isPartition) {
    throw new ClorthoError(
      'CLORTHO_CORRUPT',
      `shard map is no partition: register=${name} shards=${shards.length}`,
    );
  }
  return { splits, shards };
}
