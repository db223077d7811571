/**
 * The object store in a directory of a POSIX file system, shared safely by any number of processes.
 *
 *     put   write .tmp/x ─▶ fsync ─▶ rename (or link, if absent) ─▶ fsync directory ─▶ resolve
 *
 * Invariants:
 * - A blob appears whole, under its name, only after its bytes are on disk.
 * - `ifAbsent` never replaces: `link` fails if the name exists, whoever else is writing.
 */
import { link, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type Clock,
  ClorthoError,
  limiter,
  type Random,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '@clortho/base';
import { absentError, presentError, rangeEnd, storeOver, zeroCounters } from '../backend/object-backend.ts';
import type { ObjectEntry, ObjectStore } from '../object-store.ts';
import { blobPath } from './blob-path.ts';
import { blobTree } from './blob-tree.ts';
import { walkBlobs } from './blob-walk.ts';
import { directorySync } from './directory-sync.ts';
import { readRange, writeDurably } from './file-bytes.ts';
import { fileError, isSystemError } from './file-error.ts';
import { tempName } from './temp-files.ts';

/** Options of {@link fileObjectStore}. */
export interface FileObjectStoreOptions {
  /** Make the directory on the first `put` if it is missing; `false` by default. */
  readonly create?: boolean | undefined;
  /** The most file operations at once; 32 by default. */
  readonly concurrency?: number | undefined;
  /** Tells the age of temporary files; the machine's clock by default. */
  readonly clock?: Clock | undefined;
  /** Names temporary files; the machine's randomness by default. */
  readonly random?: Random | undefined;
}

/**
 * Returns the object store in `directory`, named `file:` and its absolute path.
 *
 * Nothing is touched until the first call. The first `put` removes temporary files that dead processes left.
 */
export function fileObjectStore(directory: string, options: FileObjectStoreOptions = {}): ObjectStore {
  const root = resolve(directory);
  const name = `file:${root}`;
  const counters = zeroCounters();
  const sync = directorySync();
  const tree = blobTree(root, options.create === true, sync, options.clock ?? systemClock);
  const random = options.random ?? systemRandom;
  const places = limiter(options.concurrency ?? 32);

  /** Runs `task` in a place, and turns what it throws into a Clortho error. */
  const run = <T>(path: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> =>
    places.run(async () => {
      try {
        return await task();
      } catch (error) {
        throw fileError(error, root, path);
      }
    }, signal);

  const store = async (
    path: string,
    bytes: Uint8Array,
    ifAbsent: boolean,
    signal?: AbortSignal,
  ): Promise<void> => {
    const temporary = join(await tree.prepare(), tempName(random));
    await tree.ensure(dirname(path));
    try {
      await writeDurably(temporary, bytes);
      throwIfAborted(signal);
      await (ifAbsent ? link(temporary, path) : rename(temporary, path));
    } catch (error) {
      await unlink(temporary).catch(() => undefined); // The sweep takes what stays.
      throw error;
    }
    try {
      await sync(dirname(path));
    } catch (cause) {
      if (!ifAbsent || isSystemError(cause, 'ENOENT')) throw cause;
      const facts = `store=${name} path=${path}`;
      throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', `the blob may not be durable: ${facts}`, { cause });
    }
    if (ifAbsent) await unlink(temporary).catch(() => undefined);
  };

  return storeOver({
    name,
    counters,
    releasesBytes: true,
    put: (key, bytes, ifAbsent, signal) => {
      const path = blobPath(root, key);
      return run(path, signal, async () => {
        counters.puts += 1;
        counters.bytesPut += bytes.length;
        try {
          await store(path, bytes, ifAbsent, signal).catch(async (error: unknown) => {
            if (!isSystemError(error, 'ENOENT')) throw error;
            tree.forget(); // Someone removed a directory that was there: make it again, once.
            await store(path, bytes, ifAbsent, signal);
          });
        } catch (error) {
          if (ifAbsent && isSystemError(error, 'EEXIST')) throw presentError(name, key, error);
          throw error;
        }
      });
    },
    get: (key, offset, length, signal) => {
      const path = blobPath(root, key);
      return run(path, signal, async () => {
        counters.gets += 1;
        try {
          const bytes = await readRange(path, (size) => rangeEnd(key, size, offset, length), offset);
          counters.bytesGot += bytes.length;
          return bytes;
        } catch (error) {
          if (!isMissing(error)) throw error;
          await tree.checkRoot();
          throw absentError(name, key, error);
        }
      });
    },
    head: (key, signal) => {
      const path = blobPath(root, key);
      return run(path, signal, async (): Promise<ObjectEntry | undefined> => {
        counters.heads += 1;
        try {
          return { key, bytes: (await stat(path)).size };
        } catch (error) {
          if (!isMissing(error)) throw error;
          await tree.checkRoot();
          return undefined;
        }
      });
    },
    delete: async (keys, signal) => {
      counters.deletes += 1;
      await run(root, signal, () => tree.checkRoot());
      const paths = keys.map((key) => blobPath(root, key));
      await Promise.all(paths.map((path) => run(path, signal, () => remove(path))));
    },
    async *list(prefix, after, signal) {
      counters.lists += 1;
      await run(root, signal, () => tree.checkRoot());
      try {
        yield* walkBlobs(root, prefix, after);
      } catch (error) {
        throw fileError(error, root, root);
      }
    },
    close: () => Promise.resolve(),
  });
}

/** A missing file, or a missing directory on the way to it. */
function isMissing(error: unknown): boolean {
  return isSystemError(error, 'ENOENT', 'ENOTDIR');
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
