/** From a reduced row set to the bytes of an L0 SST, and the edit entry that places it. */
import { concatBytes, type Random } from '@clortho/base';
import type { FileEntry } from '@clortho/manifest';
import { NEVER, SstWriter } from '@clortho/sst';
import { fileEntryOf } from './file-entry-of.ts';
import type { RowSet } from './reduce.ts';

/** A file ready to be uploaded. */
export interface EncodedRows {
  /** What it holds. */
  readonly set: RowSet;
  readonly bytes: Uint8Array;
  /** Returns the entry of the file under an object id; its timestamps come with the commit. */
  entry(id: string): FileEntry;
}

/** Returns the SST of a row set. Its rows store no timestamp: they get that of the commit. */
export function encodeRows(set: RowSet, random: Random, blockBytes: number): EncodedRows {
  const { family, rows, rangeDeletes } = set;
  const writer = new SstWriter({
    timestamps: 'absent',
    blockBytes,
    codec: family.record.codec,
    collectors: family.collectors,
    salt: random.uint32(),
  });
  for (const { key, kind, value } of rows) {
    writer.append(key, 0, key.length, 0, NEVER, kind, value, 0, value.length);
  }
  for (const { start, end } of rangeDeletes) writer.addRangeDelete({ start, end, timestamp: 0 });
  const summary = writer.finish();
  const place = { family: family.record.number, tier: 'delta', level: 0, run: 0, uniform: true } as const;
  return {
    set,
    bytes: concatBytes(writer.take()),
    entry: (id) => fileEntryOf(summary, { ...place, id }),
  };
}
