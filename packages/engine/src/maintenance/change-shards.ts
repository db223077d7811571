/** Administrative changes of several shards at once: closing times, moving horizons. */
import { ClorthoError, randomFraction } from '@clortho/base';
import {
  type HeadPatch,
  type ManifestContext,
  mintToken,
  prepareChanges,
  type ShardState,
  swapHeads,
} from '@clortho/manifest';
import type { StoreView } from '../view/store-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';

/** How often a lost race is tried again. */
const RACES_MAX = 100;

/**
 * Changes every shard for which `patchOf` returns something, all in one swap, and returns the view afterwards.
 *
 * `patchOf` is asked again after a lost race.
 *
 * @throws {ClorthoError} `CLORTHO_CONFLICT` if races were lost too often; what the registers throw.
 */
export async function changeShards(
  manifest: ManifestContext,
  keeper: ViewKeeper,
  patchOf: (state: ShardState) => HeadPatch | undefined,
): Promise<StoreView> {
  for (let race = 0; race < RACES_MAX; race += 1) {
    const token = mintToken(manifest.random);
    const edit = { token, timestamp: 0, added: [], removed: [] };
    const changes = keeper.view.shards.flatMap((state) => {
      const patch = patchOf(state);
      return patch === undefined ? [] : [{ state, edit, patch }];
    });
    if (changes.length === 0) return keeper.view;
    const prepared = await prepareChanges(manifest, changes);
    if (prepared !== undefined && (await swapHeads(manifest, prepared)) === 'applied') {
      keeper.publish(prepared.map(({ next }) => next));
      return keeper.view;
    }
    if (race > 2) await manifest.clock.sleep(randomFraction(manifest.random) * Math.min(2 ** race, 250));
    await keeper.refresh();
  }
  throw new ClorthoError('CLORTHO_CONFLICT', `a change of the shards lost ${RACES_MAX} races in a row`);
}
