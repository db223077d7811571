/**
 * The directories of a file store: made when first needed, durable before anything is put into them.
 *
 * Invariants:
 * - A missing root is made only with `create`; otherwise it is reported, also when it vanishes later.
 * - The name of a directory is durable before a blob inside it is reported as stored.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, ClorthoError } from '@clortho/base';
import type { DirectorySync } from './directory-sync.ts';
import { isSystemError } from './file-error.ts';
import { sweepTempFiles } from './temp-files.ts';

/** The directories below one root. */
export interface BlobTree {
  /** Returns the directory for files being written; sweeps it when first called. */
  prepare(): Promise<string>;
  /** Makes a directory below the root, with its parents. */
  ensure(directory: string): Promise<void>;
  /** Forgets what is known to exist, because something was found missing. */
  forget(): void;
  /**
   * Returns normally if the root is a directory, or may be made later.
   *
   * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if it is missing, `CLORTHO_INVALID` if it is no directory.
   */
  checkRoot(): Promise<void>;
}

/** Returns the directories below `root`, an absolute path. */
export function blobTree(root: string, create: boolean, sync: DirectorySync, clock: Clock): BlobTree {
  const known = new Map<string, Promise<void>>();
  let prepared: Promise<string> | undefined;

  const once = (directory: string, make: () => Promise<void>): Promise<void> => {
    let made = known.get(directory);
    if (made === undefined) {
      made = make().catch((error: unknown) => {
        known.delete(directory);
        throw error;
      });
      known.set(directory, made);
    }
    return made;
  };
  const ensure = async (directory: string): Promise<void> => {
    if (directory === root) return;
    await once(directory, async () => {
      const parent = dirname(directory);
      await ensure(parent);
      await makeDirectory(directory);
      await sync(parent);
    });
  };
  const makeRoot = async (): Promise<void> => {
    const first = await mkdir(root, { recursive: true });
    if (first === undefined) return;
    for (let made = root; made.length >= first.length; made = dirname(made)) await sync(dirname(made));
  };
  const checkRoot = async (): Promise<void> => {
    try {
      if ((await stat(root)).isDirectory()) return;
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error;
      if (create) return;
      throw new ClorthoError('CLORTHO_NOT_FOUND', `no such directory: directory=${root}`, { cause: error });
    }
    throw new ClorthoError('CLORTHO_INVALID', `not a directory: directory=${root}`);
  };
  const prepare = async (): Promise<string> => {
    await checkRoot();
    if (create) await makeRoot();
    const temporary = join(root, '.tmp');
    await makeDirectory(temporary);
    await sweepTempFiles(temporary, clock);
    return temporary;
  };
  return {
    prepare: () => {
      prepared ??= prepare().catch((error: unknown) => {
        prepared = undefined;
        throw error;
      });
      return prepared;
    },
    ensure,
    forget: () => {
      prepared = undefined;
      known.clear();
    },
    checkRoot,
  };
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  }
}
