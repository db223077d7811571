/**
 * Writing a file of the file system: whole or not at all.
 *
 *     rows -> SstWriter -> path.<random>.partial -> fsync -> rename to path -> fsync of the folder
 *
 * Invariants:
 * - Whatever happens, `path` has either what it had before or the whole new file.
 * - A write that fails or is aborted leaves nothing behind; one that is killed leaves a `.partial` at most.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Random, systemRandom, throwIfAborted } from '@clortho/base';
import type { RangeDelete, Row } from '../row.ts';
import type { SstSummary } from '../summary.ts';
import { SstWriter } from './sst-writer.ts';
import type { SstWriterOptions } from './writer-options.ts';

/** What is gathered before it is written. */
const CHUNK_BYTES = 256 * 1024;

/** The options of {@link writeSstFile}. */
export interface WriteSstFileOptions extends SstWriterOptions {
  /** In any order. */
  readonly rangeDeletes?: Iterable<RangeDelete> | undefined;
  /** Called after every write with the bytes written so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the name of the temporary file; default: the system's. */
  readonly random?: Random | undefined;
}

/**
 * Writes the file of `rows`, which are sorted by key ascending and timestamp descending, replacing what is at `path`, and
 * returns its facts. Holds a block, the index and the filter in memory, not the file.
 *
 * @throws {ClorthoError} as {@link SstWriter.append} and {@link SstWriter.addRangeDelete} do; `CLORTHO_ABORTED`; what the
 *   file system or `rows` throw.
 */
export async function writeSstFile(
  path: string,
  rows: Iterable<Row> | AsyncIterable<Row>,
  options: WriteSstFileOptions = {},
): Promise<SstSummary> {
  const { rangeDeletes = [], onProgress, signal, random = systemRandom } = options;
  const writer = new SstWriter(options);
  const partial = `${path}.${random.uint32().toString(16).padStart(8, '0')}.partial`;
  const handle = await open(partial, 'wx');
  try {
    let written = 0;
    const write = async (): Promise<void> => {
      throwIfAborted(signal);
      for (const chunk of writer.take()) {
        await writeAll(handle, chunk);
        written += chunk.length;
      }
      onProgress?.(written);
    };
    // A loop that awaits every row of an array would cost more than writing it.
    if (Symbol.asyncIterator in rows) {
      for await (const row of rows) {
        writer.appendRow(row);
        if (writer.pendingBytes >= CHUNK_BYTES) await write();
      }
    } else {
      for (const row of rows) {
        writer.appendRow(row);
        if (writer.pendingBytes >= CHUNK_BYTES) await write();
      }
    }
    for (const range of rangeDeletes) writer.addRangeDelete(range);
    const summary = writer.finish();
    await write();
    await handle.sync();
    await handle.close();
    await rename(partial, path);
    await syncFolder(dirname(path));
    return summary;
  } catch (error) {
    await handle.close().catch(() => undefined); // Closed already, or lost with the error that is thrown.
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
