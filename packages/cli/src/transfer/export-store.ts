/**
 * Writing a store, or one family of it, as it was at one moment.
 *
 *     ndjson    FILE                   header, a line per row, seal
 *     sst       DIR/export.ndjson      header, a line per file, seal; written last
 *               DIR/000001.sst …       rows of one family in key order, each with its timestamp
 *
 * Invariants:
 * - All rows are of one moment. Nothing is written over, and what has no seal is no export.
 */
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClorthoError, systemRandom } from '@clortho/base';
import type { FamilyRecord, ReadOptions, ScanRow, Store, Timestamp } from '@clortho/engine';
import { PUT, type Row, type SstSummary, writeSstFile } from '@clortho/sst';
import { exportHeader } from './export-header.ts';
import { rowLine } from './row-line.ts';
import { LineSealer } from './sealed-lines.ts';

/** The name of the list of files in a directory. */
export const LIST_FILE = 'export.ndjson';
/** Rows of so many bytes go into one file. */
const FILE_BYTES = 64 * 1024 * 1024;
const WRITE_BYTES = 256 * 1024;

/** What to export. */
export interface ExportOptions {
  /** All families by default. */
  readonly family?: string | undefined;
  /** The newest state by default. */
  readonly asOf?: Timestamp | undefined;
  /** The size at which a file ends; 64 MiB. */
  readonly fileBytes?: number | undefined;
}

/** What was exported. */
export interface ExportResult {
  readonly asOf: number;
  readonly families: number;
  readonly rows: number;
  readonly files: number;
}

/** Writes NDJSON through `write`. */
export async function exportLines(
  store: Store,
  options: ExportOptions,
  write: (text: string) => Promise<void>,
): Promise<ExportResult> {
  return withRows(store, options, async ({ header, families, rowsOf }) => {
    const sealer = new LineSealer();
    let pending = sealer.add(header);
    let rows = 0;
    for (const { name } of families) {
      for await (const row of rowsOf(name)) {
        pending += sealer.add(rowLine({ family: name, ...row }));
        rows += 1;
        if (pending.length < WRITE_BYTES) continue;
        await write(pending);
        pending = '';
      }
    }
    await write(pending + sealer.seal());
    return { asOf: header.asOf, families: families.length, rows, files: 1 };
  });
}

/** Writes NDJSON to a file that is not there yet. @throws {ClorthoError} `CLORTHO_INVALID` if it is. */
export async function exportFile(store: Store, path: string, options: ExportOptions): Promise<ExportResult> {
  return whole(path, (write) => exportLines(store, options, write));
}

/**
 * Writes SSTs into a directory that is empty or not there yet.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it has something in it.
 */
export async function exportSsts(
  store: Store,
  directory: string,
  options: ExportOptions,
): Promise<ExportResult> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0)
    throw new ClorthoError('CLORTHO_INVALID', `the directory is not empty: directory=${directory}`);
  const { fileBytes = FILE_BYTES } = options;
  return withRows(store, options, async ({ header, families, rowsOf }) => {
    const sealer = new LineSealer();
    let text = sealer.add(header);
    let [rows, files] = [0, 0];
    for (const { name, codec } of families) {
      const rest = rowsOf(name)[Symbol.asyncIterator]();
      for (let next = await rest.next(); next.done !== true; ) {
        files += 1;
        const file = `${String(files).padStart(6, '0')}.sst`;
        const part = async function* (): AsyncGenerator<Row> {
          for (let bytes = 0; next.done !== true && bytes < fileBytes; next = await rest.next()) {
            bytes += next.value.key.length + next.value.value.length;
            yield { ...next.value, kind: PUT };
          }
        };
        const summary = await writeSstFile(join(directory, file), part(), {
          codec,
          salt: systemRandom.uint32(),
        });
        rows += summary.rows;
        text += sealer.add({
          family: name,
          file,
          bytes: summary.bytes,
          rows: summary.rows,
          ...keysOf(summary),
        });
      }
    }
    await whole(join(directory, LIST_FILE), (write) => write(text + sealer.seal()));
    return { asOf: header.asOf, families: families.length, rows, files };
  });
}

function keysOf({ minKey, maxKey }: SstSummary): {
  readonly firstKeyHex: string;
  readonly lastKeyHex: string;
} {
  return {
    firstKeyHex: Buffer.from(minKey).toString('hex'),
    lastKeyHex: Buffer.from(maxKey).toString('hex'),
  };
}

interface ExportedRows {
  readonly header: ReturnType<typeof exportHeader>;
  readonly families: readonly FamilyRecord[];
  rowsOf(family: string): AsyncIterable<ScanRow>;
}

/** Calls `use` with rows that are all of one moment: of a snapshot, or of the time that is asked for. */
async function withRows<T>(
  store: Store,
  { family, asOf }: ExportOptions,
  use: (rows: ExportedRows) => Promise<T>,
): Promise<T> {
  if (family !== undefined) store.family(family);
  const stats = await store.stats();
  const families = stats.families.filter(({ name }) => family === undefined || name === family);
  if (asOf !== undefined) {
    const at = asOf instanceof Date ? asOf.getTime() * 1000 + 999 : asOf;
    await store.get('', { asOf: at, family }); // A time that cannot be read is found out before anything is written.
    const options: ReadOptions = { asOf: at };
    return use({
      header: exportHeader(stats, families, at),
      families,
      rowsOf: (name) => store.scan({ ...options, family: name }),
    });
  }
  const snapshot = await store.snapshot();
  try {
    return await use({
      header: exportHeader(stats, families, snapshot.timestamp),
      families,
      rowsOf: (name) => snapshot.scan({ family: name }),
    });
  } finally {
    await snapshot.close();
  }
}

/** Writes a file whole or not at all, and nothing over another. */
async function whole<T>(
  path: string,
  use: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const partial = `${path}.partial`;
  const handle = await open(partial, 'wx').catch((cause: unknown) => {
    throw new ClorthoError('CLORTHO_INVALID', `the file cannot be created: file=${partial}`, { cause });
  });
  try {
    await checkAbsent(path);
    const result = await use(async (text) => handle.writeFile(text));
    await handle.sync();
    await handle.close();
    await rename(partial, path);
    return result;
  } catch (error) {
    await handle.close();
    await rm(partial, { force: true });
    throw error;
  }
}

async function checkAbsent(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.close();
  throw new ClorthoError('CLORTHO_INVALID', `the file exists already: file=${path}`);
}
