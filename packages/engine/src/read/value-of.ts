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

let slab = newSlab();
let used = 0;

/** Returns a value as bytes that the caller owns. */
export function valueOf({ valueBytes, valueStart, valueEnd, owned }: Resolved): Uint8Array {
  if (owned) return valueBytes;
  const length = valueEnd - valueStart;
  if (length > SHARED_BYTES_MAX) return copyBytes(valueBytes, valueStart, valueEnd);
  if (used + length > SLAB_BYTES) {
    slab = newSlab();
    used = 0;
  }
  const start = used;
  used += (length + 7) & ~7; // Aligned, as memory of its own would be.
  writeBytes(slab, start, valueBytes, valueStart, valueEnd);
  return slab.subarray(start, start + length);
}

function newSlab(): Uint8Array {
  const bytes = new Uint8Array(SLAB_BYTES);
  markAsUntransferable(bytes.buffer);
  return bytes;
}
