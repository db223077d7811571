/** A store of heads in memory. */
import { idSource, type Random, seededRandom } from '@clortho/base';
import { memoryObjectStore } from '@clortho/object-store';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import { encodeHead } from '../../src/codec.ts';
import type { Edit } from '../../src/edit.ts';
import { type Head, type HeadPatch, initialHead } from '../../src/head.ts';
import type { ManifestContext } from '../../src/manifest-context.ts';
import { prepareChange } from '../../src/prepare-change.ts';
import { headKey, type ShardState, stateOfNewShard } from '../../src/shard-state.ts';
import { swapHeads } from '../../src/swap-heads.ts';
import { eagerClock } from './eager-clock.ts';
import { STORE } from './entries.ts';

/** Returns a context over memory. */
export function memoryContext(
  random: Random = seededRandom(1),
  registers: RegisterStore = memoryRegisterStore(),
): ManifestContext {
  const clock = eagerClock();
  return { objects: memoryObjectStore(), registers, clock, random, ids: idSource(clock, random) };
}

/** Creates the heads of shards 0 to `count - 1` and returns their states. */
export async function createShards(registers: RegisterStore, count = 1): Promise<ShardState[]> {
  const heads = Array.from({ length: count }, (_, shard): Head => initialHead(STORE, shard, 'created'));
  await registers.compareAndSwap(
    heads.map((head) => ({ key: headKey(head.shard), expect: 0, value: encodeHead(head) })),
  );
  return heads.map(stateOfNewShard);
}

/** Commits an edit to one shard and returns the state after it. */
export async function commit(
  context: ManifestContext,
  state: ShardState,
  edit: Edit,
  patch: HeadPatch = {},
): Promise<ShardState> {
  const prepared = await prepareChange(context, state, edit, patch);
  if ((await swapHeads(context, [prepared])) === 'lost') throw new Error('nobody else commits here');
  return prepared.next;
}

/** Returns the bytes in the head register of a shard. */
export async function headBytes(registers: RegisterStore, shard = 0): Promise<Uint8Array> {
  const [register] = await registers.read([headKey(shard)]);
  if (register === undefined) throw new Error('the shard was created');
  return register.value;
}
