/**
 * Values for callers to keep.
 *
 * Small values are copied into slabs, as Node's `Buffer` does: memory of its own for each takes longer than all the rest of
 * a lookup in memory.
 *
 * Invariants:
 * - Nothing but the returned array refers to its bytes: whoever has it may write to it.
 * - A slab cannot be transferred to another thread, which would take the other values in it away.
 */
import { markAsUntransferable } from 'node:worker_threads';
import { copyBytes, writeBytes } from '@clortho/base';
import type { Resolved } from '@clortho/compaction';

const SLAB_BYTES = 16 * 1024;
/** Larger values have memory of their own: then one that is kept keeps little else. */
const SHARED_BYTES_MAX = 1024;

let memory = newMemory();
let slab = new Uint8Array(memory);
let slabWords = new Uint32Array(memory);
let used = 0;

/** Returns a value as bytes that the caller owns. */
export function valueOf({ valueBytes, valueStart, valueEnd, owned }: Resolved): Uint8Array {
  if (owned) return valueBytes;
  const length = valueEnd - valueStart;
  if (length > SHARED_BYTES_MAX) return copyBytes(valueBytes, valueStart, valueEnd);
  const start = reserve(length);
  writeBytes(slab, start, valueBytes, valueStart, valueEnd);
  return new Uint8Array(memory, start, length);
}

/** Returns `bytes[start, end)` as {@link valueOf} does; `start` is a multiple of four, and `words` the same memory. */
export function valueOfWords(words: Uint32Array, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > SHARED_BYTES_MAX) return copyBytes(bytes, start, end);
  const slabStart = reserve(length);
  const first = start >>> 2;
  const to = slabStart >>> 2;
  const count = (length + 3) >>> 2;
  for (let index = 0; index < count; index += 1) slabWords[to + index] = words[first + index] as number;
  return new Uint8Array(memory, slabStart, length);
}

/** Makes room in the slab and returns where: aligned, as memory of its own would be. */
function reserve(length: number): number {
  if (used + length > SLAB_BYTES) {
    memory = newMemory();
    slab = new Uint8Array(memory);
    slabWords = new Uint32Array(memory);
    used = 0;
  }
  const start = used;
  used += (length + 7) & ~7;
  return start;
}

function newMemory(): ArrayBuffer {
  const bytes = new ArrayBuffer(SLAB_BYTES);
  markAsUntransferable(bytes);
  return bytes;
}
