/**
 * All versions of one user key, newest first, in arrays that are reused from key to key.
 *
 *     index           0          1          2
 *     timestamps     30         20         10         descending
 *     kinds         PUT      MERGE        PUT
 *     ends        NEVER      NEVER         15         a History row says when it ended
 *
 * Invariants:
 * - Nothing is allocated per version once the arrays have grown; values and the key are references into blocks.
 * - Timestamps strictly descend (while a backward collection is under way they ascend: it reverses at the end).
 */
import { EMPTY_BYTES } from '@clortho/base';
import type { RowKind, RowPosition } from '@clortho/sst';

/** The versions of one key. One user at a time; {@link VersionGroup.clear} makes it ready for the next key. */
export class VersionGroup {
  /** How many versions the group holds; the arrays may be longer. */
  length = 0;
  keyBytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  readonly timestamps: number[] = [];
  readonly ends: number[] = [];
  readonly kinds: RowKind[] = [];
  readonly valueBytes: Uint8Array[] = [];
  readonly valueStarts: number[] = [];
  readonly valueEnds: number[] = [];
  /** Tells whether a key was begun and not yet cleared, even if none of its versions was kept. */
  begun = false;

  /** Forgets the key and its versions, and lets go of their blocks. */
  clear(): void {
    for (let index = 0; index < this.length; index += 1) this.valueBytes[index] = EMPTY_BYTES;
    this.length = 0;
    this.begun = false;
    this.keyBytes = EMPTY_BYTES;
  }

  /** Makes the key of `position` the key of this group, without versions. The key's bytes are borrowed. */
  begin(position: RowPosition): void {
    this.clear();
    this.begun = true;
    this.keyBytes = position.keyBytes;
    this.keyStart = position.keyStart;
    this.keyEnd = position.keyEnd;
  }

  /** Tells whether `position` is on a version of this group's key. */
  holds(position: RowPosition): boolean {
    const length = this.keyEnd - this.keyStart;
    if (position.keyEnd - position.keyStart !== length) return false;
    const left = this.keyBytes;
    const right = position.keyBytes;
    // From the back: neighbours in key order differ in their last bytes first.
    for (let offset = length - 1; offset >= 0; offset -= 1) {
      if (left[this.keyStart + offset] !== right[position.keyStart + offset]) return false;
    }
    return true;
  }

  /** Adds the version at `position`, older than those already there. The value's bytes are borrowed. */
  push(position: RowPosition): void {
    const index = this.length;
    this.timestamps[index] = position.timestamp;
    this.ends[index] = position.endTimestamp;
    this.kinds[index] = position.kind;
    this.valueBytes[index] = position.valueBytes;
    this.valueStarts[index] = position.valueStart;
    this.valueEnds[index] = position.valueEnd;
    this.length = index + 1;
  }

  /** Keeps the key and forgets its versions. */
  dropVersions(): void {
    for (let index = 0; index < this.length; index += 1) this.valueBytes[index] = EMPTY_BYTES;
    this.length = 0;
  }

  /** Turns versions that were pushed oldest first into newest first. */
  reverse(): void {
    for (let left = 0, right = this.length - 1; left < right; left += 1, right -= 1) {
      swap(this.timestamps, left, right);
      swap(this.ends, left, right);
      swap(this.kinds, left, right);
      swap(this.valueBytes, left, right);
      swap(this.valueStarts, left, right);
      swap(this.valueEnds, left, right);
    }
  }

  /** Returns the value of a version as a view. */
  value(index: number): Uint8Array {
    return (this.valueBytes[index] as Uint8Array).subarray(this.valueStarts[index], this.valueEnds[index]);
  }

  /** Returns the key as a copy. */
  key(): Uint8Array {
    return new Uint8Array(this.keyBytes.subarray(this.keyStart, this.keyEnd));
  }
}

function swap(items: unknown[], left: number, right: number): void {
  const kept = items[left];
  items[left] = items[right];
  items[right] = kept;
}
