/**
 * Reading an export: as a whole first, to see whether it is one, then row by row.
 *
 * Invariants:
 * - Every byte of what is listed has been read and checked before the first row is given out.
 */
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ClorthoError } from '@clortho/base';
import { Sst } from '@clortho/sst';
import { type ExportHeader, parseHeader } from './export-header.ts';
import { LIST_FILE } from './export-store.ts';
import { type ExportedRow, parseRow } from './row-line.ts';
import { damaged, readSealedLines, type SealedLine } from './sealed-lines.ts';

/** An export that was checked. */
export interface CheckedExport {
  readonly path: string;
  readonly header: ExportHeader;
  readonly rows: number;
}

/**
 * Reads an export from its first to its last byte.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if there is none; `CLORTHO_INVALID` if it is something else;
 *   `CLORTHO_UNSUPPORTED` if it is of another version; `CLORTHO_CORRUPT` naming what is damaged or missing.
 */
export async function checkExport(given: string): Promise<CheckedExport> {
  const path = await pathOf(given);
  let header: ExportHeader | undefined;
  let rows = 0;
  for await (const line of readSealedLines(path)) {
    if (header === undefined) {
      header = parseHeader(path, line);
      continue;
    }
    const known = header.families.map(({ name }) => name);
    const file = fileOf(path, line);
    const family = file?.family ?? parseRow(path, line).family;
    if (!known.includes(family))
      throw damaged(path, line.line, `the header has no such family: family=${family}`);
    if (file !== undefined) {
      await withSst(path, file, (sst) => sst.verify());
    }
    rows += file?.rows ?? 1;
  }
  return { path, header: header ?? parseHeader(path, undefined), rows };
}

/** Yields the rows of an export that was checked. */
export async function* rowsOfExport(path: string): AsyncGenerator<ExportedRow> {
  let isHeader = true;
  for await (const line of readSealedLines(path)) {
    const file = isHeader ? undefined : fileOf(path, line);
    if (file !== undefined) yield* rowsOfFile(path, file);
    else if (!isHeader) yield parseRow(path, line);
    isHeader = false;
  }
}

/** A line that names a file. */
interface FileLine {
  readonly family: string;
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly firstKeyHex: string;
  readonly lastKeyHex: string;
}

function fileOf(path: string, { line, value }: SealedLine): FileLine | undefined {
  if (typeof value !== 'object' || value === null || !('file' in value)) return undefined;
  const found = value as FileLine;
  const isWhole = typeof found.file === 'string' && found.file === basename(found.file);
  if (!isWhole) throw damaged(path, line, 'not the name of a file');
  return found;
}

async function* rowsOfFile(path: string, line: FileLine): AsyncGenerator<ExportedRow> {
  const handle = await openListed(path, line);
  try {
    const sst = await Sst.openFile(handle, { name: line.file });
    for await (const { key, value, timestamp } of sst.scan())
      yield { family: line.family, key, value, timestamp };
  } finally {
    await handle.close();
  }
}

/** Opens the file of a line and checks that it is the one that was listed. */
async function withSst(path: string, line: FileLine, use: (sst: Sst) => Promise<void>): Promise<void> {
  const handle = await openListed(path, line);
  try {
    const sst = await Sst.openFile(handle, { name: line.file });
    const { bytes, rows, minKey, maxKey } = sst.summary;
    const isListed =
      bytes === line.bytes &&
      rows === line.rows &&
      Buffer.from(minKey).toString('hex') === line.firstKeyHex &&
      Buffer.from(maxKey).toString('hex') === line.lastKeyHex;
    if (!isListed)
      throw new ClorthoError(
        'CLORTHO_CORRUPT',
        `the export is damaged, the file is another one: file=${line.file}`,
      );
    await use(sst);
  } finally {
    await handle.close();
  }
}

async function openListed(path: string, { file }: FileLine): ReturnType<typeof open> {
  return open(join(dirname(path), file), 'r').catch((cause: unknown) => {
    throw new ClorthoError('CLORTHO_CORRUPT', `the export is damaged, a file is missing: file=${file}`, {
      cause,
    });
  });
}

/** Returns the file with the lines: the one named, or the one in the directory named. */
async function pathOf(given: string): Promise<string> {
  const found = await stat(given).catch(() => undefined);
  const path = found?.isDirectory() === true ? join(given, LIST_FILE) : given;
  const listed = await stat(path).catch(() => undefined);
  if (listed?.isFile() === true) return path;
  throw new ClorthoError('CLORTHO_NOT_FOUND', `there is no export: path=${given}`);
}
