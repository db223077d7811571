/**
 * Finds or makes the cache file of a directory, without a lock and without trust.
 *
 *     pages.clortho-cache    has our header?  --yes-->  use it, whoever else does
 *                               |
 *                               no: remove it (only it, by its name), make another
 *
 *     making: write the header to pages.clortho-cache.RANDOM.new, link it under the name, remove the first name
 *
 * Processes with equal settings share the file. One that comes with others replaces it; those that have it open go on
 * with a file that has no name, notice at their next write, and stop.
 *
 * Invariants:
 * - The file has a whole header from the moment on that it has its name.
 * - Nothing in the directory is touched but what bears our names.
 */
import { join } from 'node:path';
import { ClorthoError, equalBytes, type Random } from '@clortho/base';
import { type CacheFileSystem, isSystemError } from './file-system.ts';
import { BLOCK_BYTES, encodeFileHeader, type Geometry, isFileHeader } from './geometry.ts';
import { type FileIo, type SharedFile, sharedFile } from './shared-file.ts';

const NAME = 'pages.clortho-cache';
const NEW = '.new';
/** Others may make or remove the file at the same time, but not for ever. */
const ATTEMPTS_MAX = 5;

/** What {@link openCacheFile} needs. */
export interface OpenCacheFileOptions {
  readonly files: CacheFileSystem;
  readonly random: Random;
  readonly directory: string;
  readonly geometry: Geometry;
  /** Whether a cache file of other settings is replaced; what is no cache file always is. */
  readonly replaces: boolean;
  /** Called when what was found was removed. */
  readonly onSetAside: () => void;
}

/**
 * Returns the open cache file.
 *
 * @throws {ClorthoError} `CLORTHO_CONFLICT` if the file there has other settings and is not replaced; whatever the file
 *   system throws.
 */
export async function openCacheFile(options: OpenCacheFileOptions): Promise<SharedFile> {
  const { files, directory, geometry } = options;
  const path = join(directory, NAME);
  const header = encodeFileHeader(geometry);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const file = await openExisting(files, path);
    if (file === undefined) {
      await makeFile(options, path, header);
      continue;
    }
    const found = await readHeader(file);
    if (equalBytes(found, header)) return file;
    await file.close();
    if (!file.isWritable || (!options.replaces && isFileHeader(found))) {
      throw new ClorthoError('CLORTHO_CONFLICT', `the cache file has other settings: path=${path}`);
    }
    await removeIfThere(files, path);
    options.onSetAside();
  }
  throw new ClorthoError('CLORTHO_CONFLICT', `others keep replacing the cache file: path=${path}`);
}

/** Removes the cache file of a directory and what was to become one; nothing there is no error. */
export async function removeCacheFile(files: CacheFileSystem, directory: string): Promise<void> {
  await removeIfThere(files, join(directory, NAME));
  await sweep(files, directory);
}

async function openExisting(files: CacheFileSystem, path: string): Promise<SharedFile | undefined> {
  try {
    return sharedFile(await files.open(path, 'r+'), true);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    if (!isSystemError(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
  }
  return sharedFile(await files.open(path, 'r'), false);
}

async function readHeader(file: SharedFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(BLOCK_BYTES);
  try {
    return await file.use(async (io) => bytes.subarray(0, await io.read(bytes, 0)));
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function makeFile(options: OpenCacheFileOptions, path: string, header: Uint8Array): Promise<void> {
  const { files, random, directory } = options;
  await files.makeDirectory(directory);
  await sweep(files, directory);
  const fresh = `${path}.${random.uint32().toString(16)}${random.uint32().toString(16)}${NEW}`;
  const file = sharedFile(await files.open(fresh, 'wx'), true);
  try {
    await closing(file, (io) => io.write(header, 0));
    await files.link(fresh, path);
  } catch (error) {
    // Somebody made the file first, or swept this one away: what is there is looked at again.
    if (!isSystemError(error, 'EEXIST', 'ENOENT')) throw error;
  } finally {
    await removeIfThere(files, fresh);
  }
}

async function closing(file: SharedFile, task: (io: FileIo) => Promise<void>): Promise<void> {
  try {
    await file.use(task);
  } finally {
    await file.close();
  }
}

async function sweep(files: CacheFileSystem, directory: string): Promise<void> {
  try {
    for (const name of await files.list(directory)) {
      if (name.startsWith(`${NAME}.`) && name.endsWith(NEW))
        await removeIfThere(files, join(directory, name));
    }
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
}

async function removeIfThere(files: CacheFileSystem, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
}
