/**
 * The disk under a cache, put together from its options: the file, the access to it and the pages in it; or, if the
 * budget has no room for a page, nothing at all.
 */
import { type Clock, ClorthoError, type Random, systemClock, systemRandom } from '@clortho/base';
import { type DiskAccess, type DiskCacheEvent, diskAccess } from './disk-access.ts';
import { type CacheFileSystem, systemFiles } from './file-system.ts';
import { CHUNK_BYTES, geometryOf, PAGE_BYTES_MAX } from './geometry.ts';
import { openCacheFile, removeCacheFile } from './open-cache-file.ts';
import { noPages, type PageStore, pageStore } from './page-store.ts';

/** Where the cache is, how large, and what it stands on. */
export interface DiskCacheOptions {
  /** A directory on a local disk; made if missing. Processes with equal `bytesMax` and `pageBytes` may share it. */
  readonly directory: string;
  /** The most that the cache file may take, in bytes. Too little for one page caches nothing and leaves no file. */
  readonly bytesMax: number;
  /** The unit of caching and fetching: a multiple of 16 KiB up to 4 MiB; 256 KiB by default. */
  readonly pageBytes?: number | undefined;
  /**
   * Which pages a full cache takes in when `read` fetched them: those that were missed before, so that a scan neither
   * writes nor evicts anything (`second-miss`, the default), or all. `put` and `warm` are always taken in.
   */
  readonly admission?: 'second-miss' | 'always' | undefined;
  /** The most bytes of pages that wait to be written; 64 MiB by default. */
  readonly queueBytesMax?: number | undefined;
  /** So many failures in a row stop reads, or writes; 3 by default. */
  readonly failuresMax?: number | undefined;
  /** How long they stay stopped; 30,000 by default. */
  readonly pauseMs?: number | undefined;
  /** Told of what happens to the cache as a whole. Must not throw. */
  readonly onEvent?: ((event: DiskCacheEvent) => void) | undefined;
  /** By default those of the machine. */
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly files?: CacheFileSystem | undefined;
}

/** What a cache stands on. */
export interface CachePages {
  readonly access: Pick<DiskAccess, 'canRead' | 'canWrite' | 'failures' | 'close'>;
  readonly store: PageStore;
  readonly pageBytes: number;
  readonly bytesMax: number;
  readonly fileBytes: number;
  readonly queueBytesMax: number;
  readonly onlyKnown: boolean;
}

/**
 * Opens the file, or tries to.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if an option is out of its range.
 */
export async function openPages(options: DiskCacheOptions): Promise<CachePages> {
  const {
    directory,
    bytesMax,
    pageBytes = 256 * 1024,
    admission = 'second-miss',
    queueBytesMax = 64 * 1024 * 1024,
    failuresMax = 3,
    pauseMs = 30_000,
    onEvent = () => undefined,
    clock = systemClock,
    random = systemRandom,
    files = systemFiles,
  } = options;
  requireInteger('bytesMax', bytesMax, 0);
  requireInteger('queueBytesMax', queueBytesMax, 0);
  requireInteger('failuresMax', failuresMax, 1);
  requireInteger('pauseMs', pauseMs, 0);
  requireInteger('pageBytes', pageBytes, CHUNK_BYTES, PAGE_BYTES_MAX);
  if (pageBytes % CHUNK_BYTES !== 0) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a page is whole chunks of ${CHUNK_BYTES}: pageBytes=${pageBytes}`,
    );
  }
  const settings = { pageBytes, bytesMax, queueBytesMax, onlyKnown: admission === 'second-miss' };

  const geometry = geometryOf(bytesMax, pageBytes);
  if (geometry === undefined) {
    const failures = await removeCacheFile(files, directory).then(
      () => 0,
      (cause: unknown) => {
        onEvent({ kind: 'writes-stopped', cause });
        return 1;
      },
    );
    return { ...settings, access: noAccess(failures), store: noPages(), fileBytes: 0 };
  }

  let isDamageTold = false;
  const tellDamage = (): void => {
    if (!isDamageTold) onEvent({ kind: 'damaged' });
    isDamageTold = true;
  };
  const access = diskAccess({
    clock,
    failuresMax,
    pauseMs,
    onEvent,
    open: (isFirst) =>
      openCacheFile({
        files,
        random,
        directory,
        geometry,
        replaces: isFirst,
        onSetAside: () => onEvent({ kind: 'set-aside' }),
      }),
    onOpened: () => store.forget(),
  });
  const store = pageStore(geometry, access, tellDamage);
  await access.reading(() => Promise.resolve());
  return { ...settings, access, store, fileBytes: geometry.fileBytes };
}

function noAccess(failures: number): CachePages['access'] {
  return { failures, canRead: () => false, canWrite: () => false, close: () => Promise.resolve() };
}

function requireInteger(
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const facts = `${name}=${value} min=${min} max=${max}`;
  throw new ClorthoError('CLORTHO_INVALID', `an option is an integer within its range: ${facts}`);
}
