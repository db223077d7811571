/**
 * Copies of bytes for callers to keep, cut from slabs.
 *
 *     slab   [ copy | copy | copy |            free ]      16 KiB, alive as long as one of its copies is
 *
 * An array above 64 bytes costs the runtime a memory block of its own, four times the price of a view; so Node's Buffers are
 * cut from slabs as well, and with the same consequence: a small copy that is kept keeps its slab.
 *
 * Invariants:
 * - Copies never overlap, and no byte is given out twice.
 * - Slabs cannot be transferred to another thread: that would take the bytes of all their copies away.
 */
import { markAsUntransferable } from 'node:worker_threads';
import { copyBytes, writeBytes } from './bytes.ts';

const SLAB_BYTES = 16 * 1024;
/** The runtime keeps arrays up to this size in its own heap, where they are cheap. */
const OWN_BYTES_MAX = 64;
/** A longer copy has memory of its own, so that little of a slab is left over. */
const POOLED_BYTES_MAX = 1024;

let slab = newSlab();
let used = 0;

/** Returns a copy of `bytes[start, end)` that the caller owns; up to 1 KiB it may share its `buffer` with other copies. */
export function pooledCopy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length <= OWN_BYTES_MAX || length > POOLED_BYTES_MAX) return copyBytes(bytes, start, end);
  if (used + length > SLAB_BYTES) {
    slab = newSlab();
    used = 0;
  }
  const copy = new Uint8Array(slab, used, length);
  used += length;
  writeBytes(copy, 0, bytes, start, end);
  return copy;
}

function newSlab(): ArrayBuffer {
  const memory = new ArrayBuffer(SLAB_BYTES);
  markAsUntransferable(memory);
  return memory;
}
