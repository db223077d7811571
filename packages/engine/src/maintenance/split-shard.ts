/** Splitting a shard of an open store: the protocol is in `@clortho/manifest`, here it meets the view. */
import { ClorthoError, compareBytes, randomFraction } from '@clortho/base';
import {
  type ManifestContext,
  type ShardMap,
  SPLIT_KEY_BYTES_MAX,
  splitShard as splitHead,
} from '@clortho/manifest';
import { shardInterval, stateOfShard } from '../view/store-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';

/** The shards that a shard was split into. */
export interface SplitResult {
  /** The number of the shard below the split key. */
  readonly left: number;
  /** The number of the shard from the split key on. */
  readonly right: number;
}

/** More could not be read as one cut. */
const SHARDS_MAX = 100;
/** How often a lost race is tried again. */
const RACES_MAX = 100;

/**
 * Splits `shard` at `key`, which becomes the first key of its right part.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if there is no such shard, the key is not inside it or too long, or there are
 *   too many shards; `CLORTHO_CONFLICT` if races were lost too often; `CLORTHO_UNSUPPORTED` if the registers cannot
 *   change several at once; `CLORTHO_OUTCOME_UNKNOWN`, `CLORTHO_UNAVAILABLE`.
 */
export async function splitShard(
  manifest: ManifestContext,
  keeper: ViewKeeper,
  shard: number,
  key: Uint8Array,
): Promise<SplitResult> {
  if (!manifest.registers.supports.atomicMany) {
    const facts = `registers=${manifest.registers.name}`;
    throw new ClorthoError('CLORTHO_UNSUPPORTED', `a split changes several registers at once: ${facts}`);
  }
  for (let race = 0; race < RACES_MAX; race += 1) {
    const versioned = await keeper.readMap();
    const view = await keeper.refresh();
    const state = stateOfShard(view, shard);
    checkSplit(versioned.map, shard, key);
    if (state !== undefined) {
      const outcome = await splitHead(manifest, versioned, state, key);
      if (outcome !== 'lost') {
        await keeper.refresh();
        return outcome;
      }
    }
    if (race > 2) await manifest.clock.sleep(randomFraction(manifest.random) * Math.min(2 ** race, 250));
  }
  throw new ClorthoError('CLORTHO_CONFLICT', `a split lost ${RACES_MAX} races in a row: shard=${shard}`);
}

function checkSplit(map: ShardMap, shard: number, key: Uint8Array): void {
  const position = map.shards.indexOf(shard);
  const { start, end } = shardInterval({ map }, position);
  const isInside = compareBytes(start, key) < 0 && (end === undefined || compareBytes(key, end) < 0);
  const problem =
    position < 0
      ? 'there is no such shard'
      : key.length > SPLIT_KEY_BYTES_MAX
        ? `a split key has at most ${SPLIT_KEY_BYTES_MAX} bytes`
        : map.shards.length >= SHARDS_MAX
          ? `a store has at most ${SHARDS_MAX} shards`
          : isInside
            ? undefined
            : 'the split key is not inside the shard, above its first key';
  if (problem === undefined) return;
  const facts = `shard=${shard} shards=${map.shards.length} keyBytes=${key.length}`;
  throw new ClorthoError('CLORTHO_INVALID', `${problem}: ${facts}`);
}
