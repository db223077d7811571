/**
 * A growing byte array that encoders append to and that is used again for the next block.
 *
 * Invariants:
 * - `bytes[0, offset)` is what was written; growing replaces `bytes`, so a reference to it is short-lived.
 */
import { encodeVarint, VARINT_BYTES_MAX } from '@clortho/base';
import { grown } from './growth.ts';

/** Appends bytes. */
export class ByteSink {
  bytes: Uint8Array;
  offset = 0;

  /** Creates an empty sink that grows from `capacity` bytes. */
  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `length` bytes and returns where they go; the caller writes all of them. */
  reserve(length: number): number {
    const start = this.offset;
    this.bytes = grown(this.bytes, start, start + length);
    this.offset = start + length;
    return start;
  }

  /** Appends one byte. */
  byte(value: number): void {
    const start = this.reserve(1);
    this.bytes[start] = value;
  }

  /** Appends a varint. */
  varint(value: number): void {
    this.bytes = grown(this.bytes, this.offset, this.offset + VARINT_BYTES_MAX);
    encodeVarint(this, value);
  }

  /** Appends a copy of `source[start, end)`. */
  copy(source: Uint8Array, start: number, end: number): void {
    const target = this.reserve(end - start);
    this.bytes.set(source.subarray(start, end), target);
  }

  /** Returns a view of what was written, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.offset);
  }

  /** Forgets what was written; gives memory above `capacityMax` bytes back. */
  reset(capacityMax: number): void {
    this.offset = 0;
    if (this.bytes.length > capacityMax) this.bytes = new Uint8Array(capacityMax);
  }
}
