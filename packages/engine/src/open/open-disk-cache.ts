/** From the options of a store to the cache on disk that they ask for. */
import type { Clock, Random } from '@clortho/base';
import { type DiskCache, openDiskCache } from '@clortho/block-cache';
import type { OpenOptions } from '../options.ts';

const BYTES_MAX = 10 * 1024 ** 3;

/**
 * Opens the cache; `undefined` if none is asked for. A disk that fails is an event, and a cache that is empty.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the budget is not a non-negative integer.
 */
export async function openCacheOf(
  { diskCache, onEvent }: OpenOptions,
  clock: Clock,
  random: Random,
): Promise<DiskCache | undefined> {
  if (diskCache === undefined) return undefined;
  const { directory, bytesMax = BYTES_MAX, files } = diskCache;
  return openDiskCache({
    directory,
    bytesMax,
    files,
    clock,
    random,
    onEvent: (event) => onEvent?.({ type: 'diskCache', ...event }),
  });
}
