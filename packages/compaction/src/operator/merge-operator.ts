/**
 * Merge operators: how an operand and the value below it become one value.
 *
 *     put "a" @1    merge "b" @2    merge "c" @3          value at 3 = merge(merge("a", "b"), "c")
 *                                                                   = merge("a", merge("b", "c"))
 *
 * Invariants:
 * - `merge` is associative and depends on its two arguments alone: operands are folded in any grouping, on
 *   any machine, as often as compaction likes.
 * - An operand on an absent key simply is the value.
 */
import { ClorthoError } from '@clortho/base';

/** A named, versioned, associative function of two values. A new version is a new operator. */
export interface MergeOperator {
  readonly name: string;
  readonly version: number;
  /**
   * Returns the value that `newer` makes of `older`. Both are views that must not be changed or kept; the result
   * may be one of them, or new bytes, which then belong to the caller.
   */
  merge(older: Uint8Array, newer: Uint8Array): Uint8Array;
}

/**
 * Applies an operator and returns bytes that share no memory with the arguments, so that whoever receives the
 * value may change it without changing a cached block.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if there is no operator, or it returns no bytes; what the operator throws.
 */
export function mergeValues(
  operator: MergeOperator | undefined,
  older: Uint8Array,
  newer: Uint8Array,
): Uint8Array {
  if (operator === undefined) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      'rows with merge operands need the merge operator of their family',
    );
  }
  const merged: unknown = operator.merge(older, newer);
  if (!(merged instanceof Uint8Array)) {
    const facts = `operator=${operator.name} returned=${merged === null ? 'null' : typeof merged}`;
    throw new ClorthoError('CLORTHO_INVALID', `a merge operator returns bytes: ${facts}`);
  }
  // Not `slice`: on a Buffer that is a view.
  return merged.buffer === older.buffer || merged.buffer === newer.buffer ? new Uint8Array(merged) : merged;
}
