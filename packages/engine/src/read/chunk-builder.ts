/**
 * Gathers the rows of a chunk: by reference while the scan goes on, copied once when the chunk is taken.
 *
 *     pieces   [block 7: rows 3–90] [a row] [a row] [block 8: rows 0–41]
 *
 * Rows that follow each other in a block are one piece: their keys, and their values, are copied at once.
 */
import { writeBytes } from '@clortho/base';
import type { Resolved, VersionGroup } from '@clortho/compaction';
import type { Block } from '@clortho/sst';
import { ScanChunk } from './scan-chunk.ts';

/** A row that was resolved from several versions. */
interface SingleRow extends Resolved {
  readonly block: undefined;
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/** Rows `[from, to)` of a block. */
interface Stretch {
  readonly block: Block;
  readonly from: number;
  to: number;
}

/** See the module. Ready for the next chunk after each {@link ChunkBuilder.take}. */
export class ChunkBuilder {
  /** How many rows were gathered. */
  rows = 0;
  /** The bytes of their keys and values. */
  bytes = 0;
  readonly #pieces: (Stretch | SingleRow)[] = [];
  #keyBytes = 0;
  #last: Stretch | undefined;

  /** Adds rows `[from, to)` of a block, of which there is at least one. */
  addRows(block: Block, from: number, to: number): void {
    const keys = block.keyStartAt(to) - block.keyStartAt(from);
    this.rows += to - from;
    this.bytes += keys + block.valueStartAt(to) - block.valueStartAt(from);
    this.#keyBytes += keys;
    const last = this.#last;
    if (last !== undefined && last.block === block && last.to === from) last.to = to;
    else {
      this.#last = { block, from, to };
      this.#pieces.push(this.#last);
    }
  }

  /** Adds what the versions of a key came to. */
  addResolved({ keyBytes, keyStart, keyEnd }: VersionGroup, resolved: Resolved): void {
    const { timestamp, valueBytes, valueStart, valueEnd, owned } = resolved;
    this.#last = undefined;
    this.#pieces.push({
      block: undefined,
      keyBytes,
      keyStart,
      keyEnd,
      timestamp,
      valueBytes,
      valueStart,
      valueEnd,
      owned,
    });
    this.rows += 1;
    this.bytes += keyEnd - keyStart + valueEnd - valueStart;
    this.#keyBytes += keyEnd - keyStart;
  }

  /** Returns the rows as a chunk and lets go of them; `undefined` if there are none. */
  take(): ScanChunk | undefined {
    const { rows } = this;
    if (rows === 0) return undefined;
    const keyBytes = new Uint8Array(this.#keyBytes);
    const valueBytes = new Uint8Array(this.bytes - this.#keyBytes);
    const keyStarts = new Uint32Array(rows + 1);
    const valueStarts = new Uint32Array(rows + 1);
    const timestamps = new Float64Array(rows);
    let row = 0;
    let keyAt = 0;
    let valueAt = 0;
    for (const piece of this.#pieces) {
      if (piece.block === undefined) {
        keyStarts[row] = keyAt;
        valueStarts[row] = valueAt;
        timestamps[row] = piece.timestamp;
        writeBytes(keyBytes, keyAt, piece.keyBytes, piece.keyStart, piece.keyEnd);
        writeBytes(valueBytes, valueAt, piece.valueBytes, piece.valueStart, piece.valueEnd);
        keyAt += piece.keyEnd - piece.keyStart;
        valueAt += piece.valueEnd - piece.valueStart;
        row += 1;
        continue;
      }
      const { block, from, to } = piece;
      const keyStart = block.keyStartAt(from);
      const valueStart = block.valueStartAt(from);
      for (let at = from; at < to; at += 1, row += 1) {
        keyStarts[row] = block.keyStartAt(at) - keyStart + keyAt;
        valueStarts[row] = block.valueStartAt(at) - valueStart + valueAt;
        timestamps[row] = block.timestampAt(at);
      }
      const keyEnd = block.keyStartAt(to);
      const valueEnd = block.valueStartAt(to);
      writeBytes(keyBytes, keyAt, block.keyBytes, keyStart, keyEnd);
      writeBytes(valueBytes, valueAt, block.valueBytes, valueStart, valueEnd);
      keyAt += keyEnd - keyStart;
      valueAt += valueEnd - valueStart;
    }
    keyStarts[row] = keyAt;
    valueStarts[row] = valueAt;
    this.#pieces.length = 0;
    this.#last = undefined;
    this.rows = 0;
    this.bytes = 0;
    this.#keyBytes = 0;
    return new ScanChunk({ keyBytes, keyStarts, valueBytes, valueStarts, timestamps });
  }
}
