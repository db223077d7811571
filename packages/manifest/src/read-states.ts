/**
 * Reading the states of shards from their registers: one consistent cut, whatever is collected meanwhile.
 *
 * A head read a while ago may name segments that were folded into others and deleted since. Only the head read again
 * can tell: if it still names them, the store is damaged.
 */
import { ClorthoError } from '@clortho/base';
import type { ManifestContext } from './manifest-context.ts';
import { headKey, loadState, type ShardState, VanishedSegment } from './shard-state.ts';

/**
 * Returns the states of shards at one moment, in the order of `shards`. `known` has, in the same order, what the
 * caller knows of them; a shard that did not move comes back as it was.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if a head is missing, damaged, or names a segment that is gone;
 *   `CLORTHO_INVALID` for more shards than registers are read in one call; whatever registers and objects throw.
 */
export async function readStates(
  context: Pick<ManifestContext, 'objects' | 'registers'>,
  store: string,
  shards: readonly number[],
  known: readonly (ShardState | undefined)[] = [],
  signal?: AbortSignal,
): Promise<ShardState[]> {
  const vanished = new Set<string>();
  for (;;) {
    try {
      return await readCut(context, store, shards, known, signal);
    } catch (error) {
      if (!(error instanceof VanishedSegment) || vanished.has(error.object)) throw error;
      vanished.add(error.object);
    }
  }
}

async function readCut(
  { objects, registers }: Pick<ManifestContext, 'objects' | 'registers'>,
  store: string,
  shards: readonly number[],
  known: readonly (ShardState | undefined)[],
  signal: AbortSignal | undefined,
): Promise<ShardState[]> {
  const heads = await registers.read(shards.map(headKey), { signal });
  return Promise.all(
    shards.map(async (shard, index) => {
      const register = heads[index];
      if (register === undefined) {
        throw new ClorthoError('CLORTHO_CORRUPT', `a shard has no head: register=${headKey(shard)}`);
      }
      const state = known[index];
      if (state !== undefined && state.head.version === register.version) return state;
      return loadState(objects, { store, shard, version: register.version }, register.value, state, signal);
    }),
  );
}
