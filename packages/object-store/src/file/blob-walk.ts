/**
 * Listing a file tree in key order, one directory in memory at a time (and its ancestors).
 *
 * Invariants:
 * - A directory sorts as its name followed by `/`, so that whole subtrees come in key order: `a`, `a-b`, `a/…`.
 * - Directories that cannot hold a wanted key are not read.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKeys, isKey } from '../key.ts';
import type { ObjectEntry } from '../object-store.ts';
import { directoryPath, nameKind, segmentOf } from './blob-path.ts';
import { isSystemError } from './file-error.ts';

/** Which keys are wanted: those that begin with `prefix` and sort above `after`. */
interface Wanted {
  readonly prefix: string;
  readonly after: string;
}

interface TreeEntry {
  /** The key of a blob, or the keys' common beginning, ending in `/`, of a directory. */
  readonly key: string;
  readonly path: string;
  readonly isBlob: boolean;
}

const STATS_AT_ONCE = 32;

/** Yields the wanted blobs below `root` in key order. */
export async function* walkBlobs(root: string, prefix: string, after: string): AsyncGenerator<ObjectEntry> {
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const segments = parent.split('/').slice(0, -1);
  if (parent !== '' && !isKey(parent.slice(0, -1))) return; // No key begins like this.
  yield* walk(directoryPath(root, segments), parent, { prefix, after });
}

async function* walk(directory: string, parent: string, wanted: Wanted): AsyncGenerator<ObjectEntry> {
  const entries = (await readEntries(directory, parent, [])).filter((entry) => isWanted(entry, wanted));
  entries.sort((left, right) => compareKeys(left.key, right.key));
  for (let index = 0; index < entries.length; ) {
    const entry = entries[index] as TreeEntry;
    if (entry.isBlob) {
      const group = entries.slice(index, index + STATS_AT_ONCE);
      const end = group.findIndex((other) => !other.isBlob);
      const blobs = end < 0 ? group : group.slice(0, end);
      for (const blob of await Promise.all(blobs.map(statBlob))) if (blob !== undefined) yield blob;
      index += blobs.length;
    } else {
      yield* walk(entry.path, entry.key, wanted);
      index += 1;
    }
  }
}

/** Reads one directory; the pieces of long names are gathered into it, so that everything sorts together. */
async function readEntries(
  directory: string,
  parent: string,
  pieces: readonly string[],
): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const name of await readNames(directory)) {
    const path = join(directory, name);
    const names = [...pieces, name];
    const kind = nameKind(name);
    if (kind === 'piece') {
      entries.push(...(await readEntries(path, parent, names)));
      continue;
    }
    const segment = segmentOf(names);
    if (segment === undefined) continue;
    const isBlob = kind === 'blob';
    entries.push({ key: parent + segment + (isBlob ? '' : '/'), path, isBlob });
  }
  return entries;
}

async function readNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function isWanted(entry: TreeEntry, wanted: Wanted): boolean {
  const { key } = entry;
  const { prefix, after } = wanted;
  if (entry.isBlob) return key.startsWith(prefix) && compareKeys(key, after) > 0;
  const mayHold = key.startsWith(prefix) || prefix.startsWith(key);
  return mayHold && (compareKeys(key, after) > 0 || after.startsWith(key));
}

async function statBlob(entry: TreeEntry): Promise<ObjectEntry | undefined> {
  try {
    const stats = await stat(entry.path);
    return stats.isFile() ? { key: entry.key, bytes: stats.size } : undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined; // Deleted meanwhile.
    throw error;
  }
}
