/**
 * Gathers the rows of a chunk: by reference while the scan goes on, copied once when the chunk is taken.
 *
 *     pieces   [block 7: rows 3–90] [a row] [a row] [block 8: rows 0–41]
 *
 * Rows that follow each other in a block are one piece: their keys, and their values, are copied at once.
 */
import { writeBytes } from '@clortho/base';
import type { Resolved, VersionGroup } from '@clortho/compaction';
import { Block } from '@clortho/sst';
import { ScanChunk, type ScanColumns } from './scan-chunk.ts';

/** A row that was resolved from the versions of its key. */
interface ResolvedRow extends Resolved {
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/** See the module. Ready for the next chunk after each {@link ChunkBuilder.take}. */
export class ChunkBuilder {
  /** How many rows were gathered. */
  rows = 0;
  /** The bytes of their keys and values. */
  bytes = 0;
  /** Of each piece, the block of its rows `[from, to)`, or the one row that it is. */
  readonly #pieces: (Block | ResolvedRow)[] = [];
  readonly #froms: number[] = [];
  readonly #tos: number[] = [];
  #keyBytes = 0;

  /** Adds rows `[from, to)` of a block, of which there is at least one. */
  addRows(block: Block, from: number, to: number): void {
    const keys = block.keyStartAt(to) - block.keyStartAt(from);
    this.rows += to - from;
    this.bytes += keys + block.valueStartAt(to) - block.valueStartAt(from);
    this.#keyBytes += keys;
    const last = this.#pieces.length - 1;
    if (last >= 0 && this.#pieces[last] === block && this.#tos[last] === from) this.#tos[last] = to;
    else this.#add(block, from, to);
  }

  /** Adds what the versions of a key came to. */
  addResolved({ keyBytes, keyStart, keyEnd }: VersionGroup, resolved: Resolved): void {
    const { timestamp, valueBytes, valueStart, valueEnd, owned } = resolved;
    this.#add({ keyBytes, keyStart, keyEnd, timestamp, valueBytes, valueStart, valueEnd, owned }, 0, 1);
    this.rows += 1;
    this.bytes += keyEnd - keyStart + valueEnd - valueStart;
    this.#keyBytes += keyEnd - keyStart;
  }

  /** Returns the rows as a chunk and lets go of them; `undefined` if there are none. */
  take(): ScanChunk | undefined {
    if (this.rows === 0) return undefined;
    const columns = newColumns(this.rows, this.#keyBytes, this.bytes);
    let row = 0;
    for (const [index, piece] of this.#pieces.entries()) {
      if (piece instanceof Block)
        copyRows(columns, row, piece, this.#froms[index] as number, this.#tos[index] as number);
      else copyResolved(columns, row, piece);
      row += (this.#tos[index] as number) - (this.#froms[index] as number);
    }
    this.#pieces.length = 0;
    this.#froms.length = 0;
    this.#tos.length = 0;
    this.rows = 0;
    this.bytes = 0;
    this.#keyBytes = 0;
    return new ScanChunk(columns);
  }

  #add(piece: Block | ResolvedRow, from: number, to: number): void {
    this.#pieces.push(piece);
    this.#froms.push(from);
    this.#tos.push(to);
  }
}

/** Returns empty columns in one piece of memory: five would take longer to come by than a few rows to copy. */
function newColumns(rows: number, keyBytes: number, bytes: number): ScanColumns {
  const startBytes = (rows + 1) * Uint32Array.BYTES_PER_ELEMENT;
  const starts = rows * Float64Array.BYTES_PER_ELEMENT;
  const keys = starts + 2 * startBytes;
  const memory = new ArrayBuffer(keys + bytes);
  return {
    timestamps: new Float64Array(memory, 0, rows),
    keyStarts: new Uint32Array(memory, starts, rows + 1),
    valueStarts: new Uint32Array(memory, starts + startBytes, rows + 1),
    keyBytes: new Uint8Array(memory, keys, keyBytes),
    valueBytes: new Uint8Array(memory, keys + keyBytes, bytes - keyBytes),
  };
}

/** Copies rows `[from, to)` of a block to where row `row` and those after it start, and notes where they end. */
function copyRows(columns: ScanColumns, row: number, block: Block, from: number, to: number): void {
  const { keyStarts, valueStarts, timestamps } = columns;
  const keyStart = block.keyStartAt(from);
  const valueStart = block.valueStartAt(from);
  const keyAt = keyStarts[row] as number;
  const valueAt = valueStarts[row] as number;
  for (let at = from, index = row; at < to; at += 1, index += 1) {
    keyStarts[index + 1] = block.keyStartAt(at + 1) - keyStart + keyAt;
    valueStarts[index + 1] = block.valueStartAt(at + 1) - valueStart + valueAt;
    timestamps[index] = block.timestampAt(at);
  }
  writeBytes(columns.keyBytes, keyAt, block.keyBytes, keyStart, block.keyStartAt(to));
  writeBytes(columns.valueBytes, valueAt, block.valueBytes, valueStart, block.valueStartAt(to));
}

function copyResolved(columns: ScanColumns, row: number, resolved: ResolvedRow): void {
  const { keyStarts, valueStarts, timestamps } = columns;
  const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = resolved;
  const keyAt = keyStarts[row] as number;
  const valueAt = valueStarts[row] as number;
  keyStarts[row + 1] = keyAt + keyEnd - keyStart;
  valueStarts[row + 1] = valueAt + valueEnd - valueStart;
  timestamps[row] = resolved.timestamp;
  writeBytes(columns.keyBytes, keyAt, keyBytes, keyStart, keyEnd);
  writeBytes(columns.valueBytes, valueAt, valueBytes, valueStart, valueEnd);
}
