/**
 * Creating a store: its record, its shard map and the heads of its shards.
 *
 * Invariants:
 * - With several registers at once, a store exists wholly or not at all. Without, its record is written last, and
 *   what an interrupted creation left is taken over by the next.
 * - Of several processes that create a store at the same time, one does; all see the same store afterwards.
 */
import { ClorthoError, compareBytes, type IdSource, type Random } from '@clortho/base';
import {
  decodeHead,
  encodeHead,
  encodeShardMap,
  evenSplits,
  headKey,
  initialHead,
  mintToken,
  newShardMap,
  SHARD_MAP_KEY,
  type ShardMap,
} from '@clortho/manifest';
import { REGISTERS_PER_CALL_MAX, type RegisterStore } from '@clortho/registers';
import { newFamilyRecord } from '../catalog/family.ts';
import { DEFAULT_FAMILY, encodeStoreRecord, STORE_KEY, type StoreRecord } from '../catalog/record.ts';
import { ownedKeyBytes } from '../input/bytes.ts';
import type { OpenOptions } from '../options.ts';

/** The most shards of a store: its registers fit one call together with its record and map. */
export const SHARDS_MAX: number = REGISTERS_PER_CALL_MAX - 2;

/** What creation needs. */
export interface CreationContext {
  readonly registers: RegisterStore;
  readonly ids: IdSource;
  readonly random: Random;
}

/**
 * Creates the store that the options describe, unless another process was faster. Returns the id that it has in the
 * first case.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the shards or families are malformed; `CLORTHO_UNSUPPORTED` for
 *   several shards on registers that take one at a time; `CLORTHO_OUTCOME_UNKNOWN`, `CLORTHO_UNAVAILABLE`.
 */
export async function createStore(
  { registers, ids, random }: CreationContext,
  options: OpenOptions,
): Promise<string> {
  const splits = splitKeys(options.shards ?? 1);
  if (splits.length > 0 && !registers.supports.atomicMany) {
    throw new ClorthoError(
      'CLORTHO_UNSUPPORTED',
      `several shards need registers with transactions, such as DynamoDB: registers=${registers.name}`,
    );
  }
  const record = await newRecord(ids.mint(), options);
  const map = newShardMap(splits);
  if (!registers.supports.atomicMany) return createOneByOne(registers, random, record, map);
  await createAtOnce(registers, random, record, map);
  return record.id;
}

/**
 * Checks what the options would create, before anything is touched.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the shards, the time or a family are malformed.
 */
export async function checkNewStore(options: OpenOptions): Promise<void> {
  splitKeys(options.shards ?? 1);
  await newRecord('', options);
}

/**
 * Returns the split keys that `shards` stands for.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if they are too many, empty, or not increasing.
 */
export function splitKeys(shards: NonNullable<OpenOptions['shards']>): Uint8Array[] {
  const isCount = typeof shards === 'number';
  const count = isCount ? shards : shards.length + 1;
  if (!Number.isInteger(count) || count < 1 || count > SHARDS_MAX) {
    throw new ClorthoError('CLORTHO_INVALID', `a store has 1 to ${SHARDS_MAX} shards: shards=${count}`);
  }
  if (isCount) return evenSplits(shards);
  const keys = shards.map((key) => ownedKeyBytes(key, 'split key'));
  for (const [index, key] of keys.entries()) {
    const before = index === 0 ? new Uint8Array(0) : (keys[index - 1] as Uint8Array);
    if (compareBytes(before, key) < 0) continue;
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `split keys strictly increase from the empty key: index=${index}`,
    );
  }
  return keys;
}

async function newRecord(id: string, options: OpenOptions): Promise<StoreRecord> {
  const { [DEFAULT_FAMILY]: first = {}, ...others } = options.families ?? {};
  const families = [await newFamilyRecord(0, DEFAULT_FAMILY, first)];
  for (const [name, family] of Object.entries(others)) {
    families.push(await newFamilyRecord(families.length, name, family));
  }
  return { id, time: options.time ?? 'clock', families };
}

async function createAtOnce(
  registers: RegisterStore,
  random: Random,
  record: StoreRecord,
  map: ShardMap,
): Promise<void> {
  const token = mintToken(random);
  await registers.compareAndSwap([
    { key: STORE_KEY, expect: 0, value: encodeStoreRecord(record) },
    { key: SHARD_MAP_KEY, expect: 0, value: encodeShardMap(record.id, map) },
    ...map.shards.map((shard) => ({
      key: headKey(shard),
      expect: 0,
      value: encodeHead(initialHead(record.id, shard, token)),
    })),
  ]);
}

async function createOneByOne(
  registers: RegisterStore,
  random: Random,
  record: StoreRecord,
  map: ShardMap,
): Promise<string> {
  const head = initialHead(record.id, 0, mintToken(random));
  await registers.compareAndSwap([{ key: headKey(0), expect: 0, value: encodeHead(head) }]);
  const [first] = await registers.read([headKey(0)]);
  if (first === undefined)
    throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the head of the store was not written');
  const { store } = decodeHead(first.value, first.key);
  await registers.compareAndSwap([{ key: SHARD_MAP_KEY, expect: 0, value: encodeShardMap(store, map) }]);
  const value = encodeStoreRecord({ ...record, id: store });
  await registers.compareAndSwap([{ key: STORE_KEY, expect: 0, value }]);
  return store;
}
