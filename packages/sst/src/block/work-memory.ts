/**
 * Memory that blocks are decoded into and rows of new blocks are gathered in: a merge copies every key and value from
 * one to the other, and within one array that takes a third of the time.
 *
 *     chunk     [ values | keys | gathered rows | values | keys | values | keys | .... free ]
 *                                        ^------------- copyWithin -----'
 *
 * When a chunk is full, the next one is begun. Blocks stay where they were decoded, whoever refers to them keeps their
 * chunk; only the copies out of old chunks are slower, until what is gathered has moved on as well.
 *
 * Invariants:
 * - What was reserved is never given to anybody else.
 */

const CHUNK_BYTES = 1024 * 1024;

/** Memory for one merge: shared by the cursors over its inputs and the writers of its outputs, on one thread. */
export class WorkMemory {
  /** The chunk in use; whoever reserves in it keeps a reference. */
  bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  readonly #chunkBytes: number;

  /** Takes chunks of so many bytes, or as large as what is to go into one; 1 MiB by default, which a processor has at hand. */
  constructor(chunkBytes: number = CHUNK_BYTES) {
    this.#chunkBytes = chunkBytes;
  }

  /** Makes room for `length` bytes in {@link bytes}, which may be another chunk than before, and returns where. */
  reserve(length: number): number {
    if (length > this.bytes.length - this.#end) {
      this.bytes = new Uint8Array(Math.max(length, this.#chunkBytes));
      this.#end = 0;
    }
    const start = this.#end;
    this.#end = start + length;
    return start;
  }

  /** Copies `source[from, to)` to {@link bytes} and returns where it is. */
  copy(source: Uint8Array, from: number, to: number): number {
    const start = this.reserve(to - from);
    this.bytes.set(source.subarray(from, to), start);
    return start;
  }
}
