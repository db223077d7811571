/**
 * The kernel of the format: the bare kernel with files in and out, and nothing else that a merge of `@clortho/compaction` does.
 *
 *     files in memory ──▶ check, decompress, decode ──▶ least of four numbers ──▶ copy ──▶ encode, compress, check ──▶ bytes
 *
 * It knows that there are four runs with distinct keys of one length, that all rows are to be kept, and that all is in memory:
 * no merging of any number of inputs, no versions of a key, no rules, no file that is full, no waiting, no threads.
 * Between it and the bare kernel lies what blocks of columns cost, between it and the merge what merging costs.
 */
import { type Block, type CodecName, ROW, Sst, type SstCursor, SstWriter, WorkMemory } from '@clortho/sst';
import { KEY_BYTES } from '../workload/rows.ts';
import { NUMBER_START } from './merge-rows.ts';

/** Returns a function that merges the files once and returns how many rows there were. */
export function formatKernel(files: readonly Uint8Array[], codec: CodecName): () => number {
  return () => {
    const memory = new WorkMemory();
    const lanes = files.map((bytes) => new Lane(Sst.openBytes(bytes).cursor({ memory })));
    const writer = new SstWriter({ codec, memory });
    let rows = 0;
    for (let lane = least(lanes); lane.number !== Number.POSITIVE_INFINITY; lane = least(lanes)) {
      writer.appendOrdered(lane.block, lane.row);
      rows += 1;
      lane.next();
      if (writer.pendingBytes > PENDING_BYTES_MAX) writer.take();
    }
    writer.finish();
    return rows;
  };
}

const PENDING_BYTES_MAX = 1024 * 1024;

/** A file, and the number of the row that it stands on. */
class Lane {
  number = 0;
  row = 0;
  #rowEnd: number;
  #block: Block | undefined;
  readonly #cursor: SstCursor;

  constructor(cursor: SstCursor) {
    this.#cursor = cursor;
    cursor.seekFirst();
    this.#block = cursor.block;
    this.#rowEnd = cursor.rowEnd;
    this.#look();
  }

  get block(): Block {
    return this.#block as Block;
  }

  next(): void {
    this.row += 1;
    if (this.row === this.#rowEnd) this.#nextBlock();
    else this.#look();
  }

  #nextBlock(): void {
    if (this.#cursor.nextBlock() !== ROW) {
      this.number = Number.POSITIVE_INFINITY;
      return;
    }
    this.#block = this.#cursor.block;
    this.#rowEnd = this.#cursor.rowEnd;
    this.row = 0;
    this.#look();
  }

  #look(): void {
    const { keyBytes } = this.block;
    const start = this.block.keyStartAt(this.row);
    let number = 0;
    for (let at = start + NUMBER_START; at < start + KEY_BYTES; at += 1)
      number = number * 256 + (keyBytes[at] as number);
    this.number = number;
  }
}

function least(lanes: readonly Lane[]): Lane {
  let best = lanes[0] as Lane;
  for (let index = 1; index < lanes.length; index += 1) {
    const lane = lanes[index] as Lane;
    if (lane.number < best.number) best = lane;
  }
  return best;
}
