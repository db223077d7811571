/** The keys or the values of the block in progress, back to back, in memory of their own or of a merge. */
import { writeBytes } from '@clortho/base';
import type { WorkMemory } from './work-memory.ts';

/** `bytes[start, end)` is what was gathered; growing replaces `bytes` and moves it. */
export class GatheredBytes {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  #limit: number;

  /** Creates room for `capacity` bytes. */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.#limit = capacity;
  }

  /** How many bytes were gathered. */
  get length(): number {
    return this.end - this.start;
  }

  /** Returns a view of what was gathered, valid until the next change. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /** Appends a copy of `source[from, to)`. */
  append(source: Uint8Array, from: number, to: number): void {
    const at = this.end;
    const end = at + to - from;
    if (end > this.#limit) {
      this.#grow(end - this.start);
      this.append(source, from, to);
      return;
    }
    writeBytes(this.bytes, at, source, from, to);
    this.end = end;
  }

  /** Forgets what was gathered. Memory of its own above `capacityMax` bytes is given back; `memory` is used where given. */
  reset(capacityMax: number, memory: WorkMemory | undefined): void {
    const capacity = Math.min(this.#limit - this.start, capacityMax);
    if (memory !== undefined && memory.bytes !== this.bytes) {
      this.start = memory.reserve(capacity);
      this.bytes = memory.bytes;
      this.#limit = this.start + capacity;
    } else if (memory === undefined && this.bytes.length > capacityMax) {
      this.bytes = new Uint8Array(capacityMax);
      this.start = 0;
      this.#limit = capacityMax;
    }
    this.end = this.start;
  }

  /** Moves to memory of its own that holds `needed` bytes. */
  #grow(needed: number): void {
    const capacity = Math.max(needed, 2 * (this.#limit - this.start));
    const larger = new Uint8Array(capacity);
    larger.set(this.bytes.subarray(this.start, this.end));
    this.bytes = larger;
    this.end -= this.start;
    this.start = 0;
    this.#limit = capacity;
  }
}
