/**
 * The files that a run starts from: those of its seed, over all options of the writer, and the golden ones.
 *
 * Files are made when a case first needs them, so that one case can be run alone at once.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isClorthoError } from '@clortho/base';
import { Sst } from '../../src/index.ts';
import type { Draw } from '../draw.ts';
import { seedOf } from '../draw.ts';
import { type BaseFile, baseFile, writeBaseFile } from './base-file.ts';

/** The base files of one run. */
export interface Corpus {
  /** The files that are damaged in every possible place, bit for bit. */
  readonly small: readonly BaseFile[];
  /** Returns one of all files. */
  pick(draw: Draw): BaseFile;
}

const SMALL_FILES = 12;
const SMALL_BYTES_MAX = 700;
const FILES = 160;
const GOLDEN_BYTES_MAX = 16 * 1024;

/** Returns the corpus of a seed, with the golden files of a folder if that is there. */
export function corpusOf(seed: number, goldenFolder: string | undefined): Corpus {
  const golden = goldenFiles(goldenFolder);
  const files: (BaseFile | undefined)[] = [];
  return {
    small: smallFiles(seed),
    pick(draw) {
      const number = draw.below(FILES + golden.length);
      if (number >= FILES) return golden[number - FILES] as BaseFile;
      const file = files[number] ?? writeBaseFile(seedOf(seed, 1000 + number), number % 2 === 0);
      files[number] = file;
      return file;
    },
  };
}

/** Returns the first small files of a seed, with and without partitions and timestamps as they come. */
function smallFiles(seed: number): BaseFile[] {
  const files: BaseFile[] = [];
  for (let number = 0; files.length < SMALL_FILES; number += 1) {
    const file = writeBaseFile(seedOf(seed, 2000 + number), true);
    // All but one shall have blocks.
    const isWanted = file.parts.blocks.length > 0 || files.length === 0;
    if (isWanted && file.bytes.length <= SMALL_BYTES_MAX) files.push(file);
  }
  return files;
}

function goldenFiles(folder: string | undefined): BaseFile[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const files: BaseFile[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (!name.endsWith('.sst') || statSync(path).size > GOLDEN_BYTES_MAX) continue;
    const bytes = new Uint8Array(readFileSync(path));
    const isTimeless = opensAs(bytes);
    if (isTimeless !== undefined) files.push(baseFile(name, bytes, isTimeless));
  }
  return files;
}

/** Tells whether a file needs a timestamp; `undefined` if this runtime cannot read it (zstd). */
function opensAs(bytes: Uint8Array): boolean | undefined {
  try {
    Sst.openBytes(bytes);
    return false;
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_INVALID')) return true;
    if (isClorthoError(error, 'CLORTHO_UNSUPPORTED')) return undefined;
    throw error;
  }
}
