/** Opening a file to look at all of it: with statistics as they are stored, and with some timestamp if it stores none. */
import { type CollectorDefinition, Sst, type SstLayout } from '@clortho/sst';
import type { SstFile } from './with-sst-file.ts';

/**
 * Opens the file of a layout. Its statistics are the bytes that the collectors wrote, by their names.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
 */
export function openForInspection(
  { name: file, source, size, entry }: SstFile,
  { parts, filter, collectors, summary }: SstLayout,
): Promise<Sst> {
  return Sst.open(source, {
    name: file,
    size,
    tailBytes: summary?.tailBytes,
    // Counts in files that store none only, and is not shown where no manifest knows it.
    timestamp: entry?.run ?? 0,
    // Blocks and rows can be read without it.
    ignoreFilter: filter === undefined && parts.some(({ name, bytes }) => name === 'filter' && bytes > 0),
    collectors: collectors.map((collector) => storedStatistics(collector)),
  });
}

/** A collector that leaves the statistics of another as they are. */
function storedStatistics({
  name,
  version,
}: {
  readonly name: string;
  readonly version: number;
}): CollectorDefinition<Uint8Array> {
  const nothing = (): Uint8Array => new Uint8Array(0);
  return {
    name,
    version,
    create: () => ({ add: () => undefined, finishBlock: nothing, finishFile: nothing }),
    decode: (bytes) => bytes,
  };
}
