/**
 * Warming: what reads of a range will want is brought near before they ask.
 *
 *     files of the range ──▶ tails into memory ──▶ a disk cache that takes pages?  the bytes of the range to disk
 *                                                  else                            its blocks into memory
 *
 * Invariants:
 * - Nothing is pushed out to make room: warming stops before a budget is full, tails, blocks and disk each for itself.
 * - Files that vanish meanwhile are looked up again in a newer view, like those of a read.
 */
import {
  compareBytes,
  intersectIntervals,
  isEmptyInterval,
  type KeyInterval,
  throwIfAborted,
} from '@clortho/base';
import { type FileEntry, NO_FILES } from '@clortho/manifest';
import type { WarmOptions, WarmResult } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { allEnded } from '../finishes-within.ts';
import { overlaps } from '../read/file-bounds.ts';
import type { ViewSource } from '../read/reader.ts';
import { type StoreView, shardInterval } from './store-view.ts';
import { type StoredFiles, VanishedFile } from './stored-files.ts';
import type { Tables } from './tables.ts';

/** What warming needs. */
export interface WarmContext {
  readonly source: ViewSource;
  readonly tables: Tables;
  readonly files: StoredFiles;
}

/** How many files are read at the same time, each a stretch at a time. */
const FILES_AT_ONCE = 4;
/** Files up to this size are brought to disk whole: that is one request. */
const WHOLE_BYTES_MAX = 1024 * 1024;
/** How often warming starts over because files vanished under it. */
const RESTARTS_MAX = 8;

/** Warms the files of the newest state that hold keys of the interval. */
export async function warmRange(
  context: WarmContext,
  family: Family,
  interval: KeyInterval,
  { signal, onProgress }: Pick<WarmOptions, 'signal' | 'onProgress'>,
): Promise<WarmResult> {
  const { source, tables, files } = context;
  const onDisk = files.diskRoom > 0;
  let room = onDisk ? files.diskRoom : tables.blockRoom;
  const claim = (bytes: number): boolean => {
    const fits = bytes <= room;
    room = fits ? room - bytes : 0;
    return fits;
  };
  const openIfRoom = async (file: FileEntry): Promise<void> => {
    if (tables.hasRoomFor(file)) await tables.open(file);
  };
  const bringToDisk = async (file: FileEntry): Promise<number> => {
    if (file.bytes > WHOLE_BYTES_MAX && !isInside(file, interval)) {
      const extent = (await tables.open(file)).extentOf(interval.start, interval.end);
      return claim(extent.bytes) ? files.warm(file, extent, signal) : 0;
    }
    // The whole file is fetched first, so that its tail is found on disk.
    const fetched = claim(file.bytes) ? await files.warm(file, { offset: 0, bytes: file.bytes }, signal) : 0;
    await openIfRoom(file);
    return fetched;
  };
  const bringToMemory = async (file: FileEntry): Promise<number> => {
    if (!tables.hasRoomFor(file)) return 0;
    const sst = await tables.open(file);
    return room > 0 ? sst.load(interval.start, interval.end, claim, signal) : 0;
  };

  const done = new Set<string>();
  let bytes = 0;
  let view = await source.atLeast({ atLeast: undefined });
  for (let restarts = 0; ; restarts += 1) {
    const todo = filesOf(view, family, interval).filter(({ id }) => !done.has(id));
    const filesTotal = done.size + todo.length;
    try {
      await inParallel(todo, async (file) => {
        throwIfAborted(signal);
        const brought = await (onDisk ? bringToDisk(file) : bringToMemory(file));
        bytes += brought;
        done.add(file.id);
        onProgress?.({ files: done.size, filesTotal, bytes });
      });
      return { files: done.size, bytes };
    } catch (error) {
      if (!(error instanceof VanishedFile) || restarts >= RESTARTS_MAX) throw error;
      view = await source.replace(error);
    }
  }
}

/** Returns the files that a read of the newest state may ask for these keys, each object once. */
function filesOf(view: StoreView, { record }: Family, interval: KeyInterval): FileEntry[] {
  const files = new Map<string, FileEntry>();
  view.shards.forEach((state, position) => {
    if (isEmptyInterval(intersectIntervals(interval, shardInterval(view, position)))) return;
    const { delta, current } = state.files.get(record.number) ?? NO_FILES;
    for (const file of [...delta, ...current]) if (overlaps(file, interval)) files.set(file.id, file);
  });
  return [...files.values()];
}

function isInside({ lower, upper }: FileEntry, { start, end }: KeyInterval): boolean {
  if (compareBytes(start, lower) > 0) return false;
  return end === undefined || (upper !== undefined && compareBytes(upper, end) <= 0);
}

/** Does `work` for all items, a few at a time; after a failure it begins no other, and throws once all have ended. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await allEnded(Array.from({ length: FILES_AT_ONCE }, worker));
}
