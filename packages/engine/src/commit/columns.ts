/** The operations of a group of batches on one family, in one piece of memory, numbered in the order in which they came. */
import type { Family } from '../catalog/family.ts';
import type { ParsedBatch } from '../input/batch.ts';
import type { FamilyOperations, RangeOperation } from '../input/family-operations.ts';

/** Operation i has the key `bytes[keyStarts[i], keyEnds[i])` and the value `bytes[keyEnds[i], valueEnds[i])`. */
export interface Columns {
  readonly family: Family;
  readonly bytes: Uint8Array;
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly valueEnds: Uint32Array;
  readonly kinds: Uint8Array;
  readonly ranges: readonly RangeOperation[];
}

/** Returns the columns of each family that the batches write to. They borrow the bytes of a batch that is alone. */
export function gatherColumns(batches: readonly ParsedBatch[]): Columns[] {
  const parts = new Map<Family, FamilyOperations[]>();
  for (const { families } of batches) {
    for (const operations of families) {
      const known = parts.get(operations.family);
      if (known === undefined) parts.set(operations.family, [operations]);
      else known.push(operations);
    }
  }
  return [...parts].map(([family, all]) => join(family, all));
}

function join(family: Family, parts: readonly FamilyOperations[]): Columns {
  let count = 0;
  let length = 0;
  for (const part of parts) {
    count += part.kinds.length;
    length += usedBytes(part);
  }
  const [only] = parts;
  const isAlone = parts.length === 1 && only !== undefined;
  const bytes = isAlone ? only.bytes : new Uint8Array(length);
  const keyStarts = new Uint32Array(count);
  const keyEnds = new Uint32Array(count);
  const valueEnds = new Uint32Array(count);
  const kinds = new Uint8Array(count);
  const ranges: RangeOperation[] = [];
  let first = 0;
  let base = 0;
  for (const part of parts) {
    const used = usedBytes(part);
    if (!isAlone) bytes.set(part.bytes.subarray(0, used), base);
    for (const range of part.ranges) ranges.push({ ...range, before: range.before + first });
    for (let index = 0; index < part.kinds.length; index += 1) {
      keyStarts[first + index] = base + (part.keyStarts[index] as number);
      keyEnds[first + index] = base + (part.valueStarts[index] as number);
      valueEnds[first + index] = base + (part.keyStarts[index + 1] as number);
      kinds[first + index] = part.kinds[index] as number;
    }
    first += part.kinds.length;
    base += used;
  }
  return { family, bytes, keyStarts, keyEnds, valueEnds, kinds, ranges };
}

function usedBytes({ keyStarts }: FamilyOperations): number {
  return keyStarts.at(-1) as number;
}
