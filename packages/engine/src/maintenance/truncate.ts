/**
 * Truncating history: the horizon moves, and what no read can see any more goes by whole files.
 *
 * Invariants:
 * - The horizon is in the heads before anything is dropped, and pins are read after it.
 * - Objects are deleted at once only if nothing at all is pinned; otherwise garbage collection does it later.
 */
import { ClorthoError } from '@clortho/base';
import {
  allFiles,
  droppableBefore,
  type FileEntry,
  type Head,
  horizonOf,
  type ManifestContext,
  mintToken,
  NO_FILES,
  objectKey,
  prepareChanges,
  type ShardState,
  swapHeads,
} from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import { type Held, type HeldReader, pinnedTimes } from '../snapshot/held.ts';
import { type StoreView, stateOfShard } from '../view/store-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { changeShards } from './change-shards.ts';

/** What truncation freed. */
export interface TruncateResult {
  /** The horizon afterwards. */
  readonly horizon: number;
  readonly filesDropped: number;
  /** The bytes of the files dropped. */
  readonly bytesFreed: number;
  readonly rowsDropped: number;
  /** How many of their objects were deleted at once; the rest is garbage until `gc()`. */
  readonly objectsDeleted: number;
}

/** What truncation needs. */
export interface TruncateContext {
  readonly manifest: ManifestContext;
  readonly keeper: ViewKeeper;
  readonly held: HeldReader;
  readonly families: readonly Family[];
}

/** Makes `timestamp` the horizon of all `kv` families; it must be settled on every shard. */
export async function truncateHistory(context: TruncateContext, timestamp: number): Promise<TruncateResult> {
  const { manifest, keeper, held, families } = context;
  const records = families.map(({ record }) => record).filter(({ kind }) => kind === 'kv');
  const numbers = records.map(({ number }) => number);
  // Which versions are the newest of their keys is known only when they are read: compaction drops the others.
  const droppable = records.filter(({ keepVersions }) => keepVersions === 0).map(({ number }) => number);
  await held.read(); // Pins that cannot be read are found out before anything has changed.
  await changeShards(manifest, keeper, (state) => {
    const behind = numbers.filter((number) => horizonOf(state.head, number) < timestamp);
    if (behind.length === 0) return undefined;
    const moved = Object.fromEntries(behind.map((number) => [number, timestamp]));
    return { horizons: { ...state.head.horizons, ...moved } };
  });
  const { shards } = keeper.view;
  const pins = await held.read();
  const dropped: FileEntry[] = [];
  if (!pins.everything) {
    for (const { head } of shards) dropped.push(...(await dropInShard(context, head, pins, droppable)));
  }
  const after = await held.read();
  const isFree = !after.everything && after.pins.length === 0;
  // A file that was split with its shard is shared: the other part may still be read.
  const deleted = isFree ? unshared(keeper.view, dropped) : [];
  await manifest.objects.delete(deleted.map(objectKey));
  return {
    horizon: timestamp,
    filesDropped: dropped.length,
    bytesFreed: dropped.reduce((sum, file) => sum + file.bytes, 0),
    rowsDropped: dropped.reduce((sum, file) => sum + file.rows, 0),
    objectsDeleted: deleted.length,
  };
}

/** Returns the ids of files that no shard of the view has. */
function unshared({ shards }: StoreView, files: readonly FileEntry[]): readonly string[] {
  const ids = new Set(files.map((file) => file.id));
  for (const state of shards) for (const { id } of allFiles(state.files)) ids.delete(id);
  return [...ids];
}

/**
 * Removes the History files of a shard that no readable time needs. The horizons are those of `head`, which was there before
 * the pins were read: one that has moved since may have passed a pin that was made since.
 */
async function dropInShard(
  { manifest, keeper }: TruncateContext,
  head: Head,
  held: Held,
  numbers: readonly number[],
): Promise<readonly FileEntry[]> {
  const pins = pinnedTimes(held, head.shard);
  for (let race = 0; race < 100; race += 1) {
    const state = stateOfShard(keeper.view, head.shard);
    if (state === undefined) return [];
    const files = numbers.flatMap((number) => unreadable(state, number, droppableBefore(head, number), pins));
    if (files.length === 0) return [];
    const edit = { token: mintToken(manifest.random), timestamp: 0, added: [], removed: files };
    const prepared = await prepareChanges(manifest, [{ state, edit }]);
    if (prepared !== undefined && (await swapHeads(manifest, prepared)) === 'applied') {
      keeper.publish(prepared.map(({ next }) => next));
      return files;
    }
    await keeper.refresh();
  }
  throw new ClorthoError('CLORTHO_CONFLICT', 'dropping history lost 100 races in a row');
}

function unreadable(
  state: ShardState,
  family: number,
  horizon: number,
  pins: readonly number[],
): FileEntry[] {
  const { history } = state.files.get(family) ?? NO_FILES;
  return history.filter(
    (file) =>
      file.maxEndTimestamp <= horizon &&
      !pins.some((pin) => file.minTimestamp <= pin && pin < file.maxEndTimestamp),
  );
}
