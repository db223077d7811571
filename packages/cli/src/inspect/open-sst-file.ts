/** Finding one SST: a file on disk, or an object of a store, whose manifest knows what the file does not store. */
import { readFile } from 'node:fs/promises';
import { ClorthoError, isId } from '@clortho/base';
import { type FileEntry, objectKey } from '@clortho/manifest';
import type { CommandContext, GlobalOptions } from '../command/command-context.ts';
import { openObjects } from '../store/open-objects.ts';
import { storeUrl, withStore } from '../store/with-store.ts';

/** The bytes of an SST and what is known of it from outside. */
export interface SstFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The entry of the manifest, if a store lists the file. */
  readonly entry: FileEntry | undefined;
  /** The family of the entry. */
  readonly family: string | undefined;
}

/**
 * Reads the SST that `name` stands for: a path, an object key (`sst/<id>.sst`) or an id.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if there is neither; `CLORTHO_INVALID` for an object without a store.
 */
export async function openSstFile(
  context: CommandContext,
  options: GlobalOptions,
  name: string,
): Promise<SstFile> {
  const id = name.replace(/^sst\//, '').replace(/\.sst$/, '');
  const bytes = await readFile(name).catch(() => undefined);
  if (bytes !== undefined) return { name, bytes, entry: undefined, family: undefined };
  if (!isId(id)) throw new ClorthoError('CLORTHO_NOT_FOUND', `neither a file nor an object: name=${name}`);
  const objects = openObjects(context, storeUrl(context, options));
  try {
    const found = await findEntry(context, options, id);
    return { name: objectKey(id), bytes: await objects.get(objectKey(id)), ...found };
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
