/**
 * The objects of the world: real files in memory, written by commits and by merges.
 *
 * Files of commits hold no timestamps, so that few of them differ: those that were made once are kept, which is most of
 * what a schedule would spend its time with.
 */
import { concatBytes, keySuccessor } from '@clortho/base';
import { END, encodeSst, NEVER, type RangeDelete, type Row, Sst } from '@clortho/sst';
import type { MergeIo, MergeOutputFacts } from '../../src/merge/merge-job.ts';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';

type Encoded = ReturnType<typeof encodeSst>;

const committed = new Map<string, Encoded>();

/** Files by id. */
export class Objects {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #ssts = new Map<string, Sst>();

  /** Writes the file of a commit. */
  commit(timestamp: number, rows: readonly Row[], rangeDeletes: readonly RangeDelete[]): CompactionFile {
    const { bytes, summary } = encoded(rows, rangeDeletes);
    const { rows: rowCount, bytes: size, tailBytes, deletes, merges, minKey, maxKey } = summary;
    return {
      id: this.#add(bytes),
      tier: 'delta',
      level: 0,
      run: timestamp,
      bytes: size,
      tailBytes,
      rows: rowCount,
      deletes,
      merges,
      rangeDeletes: summary.rangeDeletes,
      lower: minKey,
      upper: keySuccessor(maxKey),
      minTimestamp: timestamp,
      maxTimestamp: timestamp,
      minEndTimestamp: NEVER,
      maxEndTimestamp: NEVER,
      uniform: true,
    };
  }

  /** Writes an output of a merge. */
  output(file: MergeOutputFacts['file'], chunks: readonly Uint8Array[]): CompactionFile {
    return { ...file, id: this.#add(concatBytes(chunks)) };
  }

  /** Opens the input of a merge. */
  readonly source: MergeIo['open'] = ({ id }) => {
    const bytes = this.#bytes.get(id) as Uint8Array;
    return { read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
  };

  /** Opens the object of a file. */
  open({ id, uniform, run }: CompactionFile): Sst {
    let sst = this.#ssts.get(id);
    if (sst === undefined) {
      sst = Sst.openBytes(this.#bytes.get(id) as Uint8Array, { timestamp: uniform ? run : undefined });
      this.#ssts.set(id, sst);
    }
    return sst;
  }

  #add(bytes: Uint8Array): string {
    const id = `file-${String(this.#bytes.size + 1).padStart(4, '0')}`;
    this.#bytes.set(id, bytes);
    return id;
  }
}

/** Returns all rows of an object, whatever part of it is visible. */
export function rowsOf(sst: Sst): Row[] {
  const rows: Row[] = [];
  const cursor = sst.cursor();
  for (let step = cursor.seekFirst(); step !== END; step = cursor.next()) {
    const { keyBytes, keyStart, keyEnd, timestamp, endTimestamp, kind } = cursor;
    const { valueBytes, valueStart, valueEnd } = cursor;
    const [key, value] = [keyBytes.slice(keyStart, keyEnd), valueBytes.slice(valueStart, valueEnd)];
    rows.push({ key, timestamp, endTimestamp, kind, value });
  }
  return rows;
}

function encoded(rows: readonly Row[], rangeDeletes: readonly RangeDelete[]): Encoded {
  const name = [
    ...rows.map(({ key, kind, value }) => [key, kind, value].join(':')),
    ...rangeDeletes.map(({ start, end }) => [start, end].join('-')),
  ].join(' ');
  let known = committed.get(name);
  if (known === undefined) {
    known = encodeSst(rows, { rangeDeletes, timestamps: 'absent', codec: 'none' });
    committed.set(name, known);
  }
  return known;
}
