/** From a reduced row set to the bytes of an L0 SST, and the edit entry that places it. */
import { concatBytes, type Random } from '@clortho/base';
import type { FileEntry } from '@clortho/manifest';
import { NEVER, type RowKind, SstWriter } from '@clortho/sst';
import type { Pace } from '../pace.ts';
import { fileEntryOf } from './file-entry-of.ts';
import type { RowPlace, RowSet } from './reduce.ts';

/** A file ready to be uploaded. */
export interface EncodedRows {
  readonly place: RowPlace;
  readonly bytes: Uint8Array;
  /** Returns the entry of the file under an object id; its timestamps come with the commit. */
  entry(id: string): FileEntry;
}

/**
 * Returns the SST of a row set. Its rows store no timestamp: they get that of the commit. A large one lets the event loop turn on
 * the way; `pace` counts its rows.
 */
export async function encodeRows(
  set: RowSet,
  random: Random,
  blockBytes: number,
  pace: Pace,
): Promise<EncodedRows> {
  const { shard, family, rows, rangeDeletes } = set;
  const writer = new SstWriter({
    timestamps: 'absent',
    blockBytes,
    codec: family.record.codec,
    collectors: family.collectors,
    salt: random.uint32(),
  });
  const { order, kinds, values, columns } = rows;
  const { bytes, keyStarts, keyEnds, valueEnds } = columns;
  for (let row = 0; row < order.length; row += 1) {
    const operation = order[row] as number;
    const keyStart = keyStarts[operation] as number;
    const keyEnd = keyEnds[operation] as number;
    const kind = kinds[row] as RowKind;
    const folded = values.size === 0 ? undefined : values.get(operation);
    if (folded === undefined) {
      const valueEnd = valueEnds[operation] as number;
      writer.append(bytes, keyStart, keyEnd, 0, NEVER, kind, bytes, keyEnd, valueEnd);
    } else {
      writer.append(bytes, keyStart, keyEnd, 0, NEVER, kind, folded, 0, folded.length);
    }
    if (pace.isDue()) await pace.pause();
  }
  for (const { start, end } of rangeDeletes) writer.addRangeDelete({ start, end, timestamp: 0 });
  const summary = writer.finish();
  const tree = { family: family.record.number, tier: 'delta', level: 0, run: 0, uniform: true } as const;
  return {
    place: { shard, family },
    bytes: concatBytes(writer.take()),
    entry: (id) => fileEntryOf(summary, { ...tree, id }),
  };
}
