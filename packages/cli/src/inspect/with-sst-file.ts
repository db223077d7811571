/** Finding one SST: a file on disk, or an object of a store, whose manifest knows what the file does not store. */
import { type FileHandle, open } from 'node:fs/promises';
import { ClorthoError, isId } from '@clortho/base';
import { type FileEntry, objectKey } from '@clortho/manifest';
import { fileSource, type SstSource } from '@clortho/sst';
import type { CommandContext, GlobalOptions } from '../command/command-context.ts';
import { openObjects } from '../store/open-objects.ts';
import { storeUrl, withStore } from '../store/with-store.ts';

/** Where the bytes of an SST are, and what is known of it from outside. */
export interface SstFile {
  readonly name: string;
  readonly source: SstSource;
  /** The size of the file in bytes. */
  readonly size: number;
  /** The entry of the manifest, if a store lists the file. */
  readonly entry: FileEntry | undefined;
  /** The family of the entry. */
  readonly family: string | undefined;
}

/**
 * Calls `use` with the SST that `name` stands for: a path, an object key (`sst/<id>.sst`) or an id. A file on disk needs no
 * store and is read piece by piece, an object at once.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if there is neither; `CLORTHO_INVALID` for an object without a store; what
 *   `use` throws.
 */
export async function withSstFile<T>(
  context: CommandContext,
  options: GlobalOptions,
  name: string,
  use: (file: SstFile) => Promise<T>,
): Promise<T> {
  const handle = await openRegularFile(name);
  if (handle === undefined) return use(await fetchObject(context, options, name));
  try {
    const { size } = await handle.stat();
    return await use({ name, source: fileSource(handle), size, entry: undefined, family: undefined });
  } finally {
    await handle.close();
  }
}

async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

async function fetchObject(context: CommandContext, options: GlobalOptions, name: string): Promise<SstFile> {
  const id = name.replace(/^sst\//, '').replace(/\.sst$/, '');
  if (!isId(id)) throw new ClorthoError('CLORTHO_NOT_FOUND', `neither a file nor an object: name=${name}`);
  const objects = openObjects(context, storeUrl(context, options));
  try {
    const found = await findEntry(context, options, id);
    const bytes = await objects.get(objectKey(id));
    const source: SstSource = {
      read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    };
    return { name: objectKey(id), source, size: bytes.length, ...found };
  } finally {
    await objects.close();
  }
}

async function findEntry(
  context: CommandContext,
  options: GlobalOptions,
  id: string,
): Promise<Pick<SstFile, 'entry' | 'family'>> {
  const { shards } = await withStore(context, options, (store) => store.stats(), { readOnly: true });
  for (const { families } of shards) {
    for (const { family, entries } of families) {
      const entry = entries.find((one) => one.id === id);
      if (entry !== undefined) return { entry, family };
    }
  }
  return { entry: undefined, family: undefined };
}
