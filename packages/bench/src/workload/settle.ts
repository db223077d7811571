/** Waiting for a store to come to rest. */
import { systemClock } from '@clortho/base';
import type { Store } from '@clortho/engine';

const LOOK_MS = 20;
/** So many looks in a row must find nothing under way. */
const CALM_LOOKS = 10;

/** Waits until nothing compacts; calls `onLook` now and then. */
export async function settle(
  store: Store,
  onLook: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  for (let calm = 0; calm < CALM_LOOKS; calm += 1) {
    const { compaction } = await store.stats();
    await onLook();
    if (compaction.running.length > 0) calm = 0;
    await systemClock.sleep(LOOK_MS);
  }
}
