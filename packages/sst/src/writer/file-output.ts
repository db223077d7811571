/**
 * The bytes of a file as they are made: gathered in pieces of memory that grow with the file, so that what is handed on, copied
 * or sent to another thread is a few large pieces and not one per block.
 *
 *     append(a) append(b) append(c)      [ a b . ] [ c . . . . . ]      take() ──► a b, c
 */
import type { SparePieces } from './spare-pieces.ts';

const FIRST_BYTES = 4096;
const BYTES_MAX = 1024 * 1024;

/** See the module. */
export class FileOutput {
  /** How many bytes were appended in all. */
  length = 0;
  readonly #expectedBytes: number;
  readonly #spare: SparePieces | undefined;
  #taken = 0;
  #pieces: Uint8Array[] = [];
  #piece: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** Begins with nothing; the first piece has room for `expectedBytes`, out of `spare` if it has such a one. */
  constructor(expectedBytes = 0, spare?: SparePieces) {
    this.#expectedBytes = expectedBytes;
    this.#spare = spare;
  }

  /** How many bytes {@link take} would give. */
  get pending(): number {
    return this.length - this.#taken;
  }

  /** Appends a copy of `bytes` with room for `more` behind it, and returns a view of both, to be written at once. */
  append(bytes: Uint8Array, more = 0): Uint8Array {
    const length = bytes.length + more;
    if (this.#used + length > this.#piece.length) this.#next(length);
    const start = this.#used;
    this.#piece.set(bytes, start);
    this.#used = start + length;
    this.length += length;
    return this.#piece.subarray(start, this.#used);
  }

  /** Returns what was appended since the last call, in order; the memory of each piece passes to the caller. */
  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    if (2 * this.#used < this.#piece.length) {
      if (this.#used > 0) pieces.push(this.#piece.slice(0, this.#used));
      this.#used = 0;
    } else {
      if (this.#used > 0) pieces.push(this.#piece.subarray(0, this.#used));
      this.#piece = new Uint8Array(0);
      this.#used = 0;
    }
    this.#taken = this.length;
    return pieces;
  }

  #next(length: number): void {
    if (this.#used > 0) this.#pieces.push(this.#piece.subarray(0, this.#used));
    const bytes = Math.min(BYTES_MAX, Math.max(FIRST_BYTES, this.length));
    this.#piece = this.#new(length, bytes);
    this.#used = 0;
  }

  #new(least: number, bytes: number): Uint8Array {
    if (this.length > 0 || this.#expectedBytes <= bytes) return unfilled(Math.max(least, bytes));
    const expected = Math.max(least, this.#expectedBytes);
    return this.#spare?.take(expected) ?? unfilled(expected);
  }
}

/** Returns memory that is not filled with zeros: every byte of it is written before anybody sees it. */
function unfilled(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}
