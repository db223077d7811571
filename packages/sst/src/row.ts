/**
 * Rows: versions of user keys, and the positions at which a cursor shows them.
 *
 * Invariants:
 * - Rows are ordered by key ascending (unsigned bytes), then timestamp descending: newest version first.
 * - A timestamp is a safe integer of microseconds. A row without an end has {@link NEVER} as its end.
 * - Per key and timestamp there is at most one row.
 */

/** A put: the value is the user's value. */
export const PUT = 0;
/** A point tombstone: no value. */
export const DELETE = 1;
/** A merge operand: folded into the next older version by the family's merge operator. */
export const MERGE = 2;
/** What a row does to its key. */
export type RowKind = typeof PUT | typeof DELETE | typeof MERGE;

/** The end timestamp of a version that was not superseded: above every timestamp. */
export const NEVER: number = Number.MAX_SAFE_INTEGER;

/** One row as an object, for callers that do not need the fast path. */
export interface Row {
  readonly key: Uint8Array;
  readonly timestamp: number;
  /** The version is visible at t with `timestamp <= t < endTimestamp`; {@link NEVER} by default. */
  readonly endTimestamp?: number | undefined;
  readonly kind: RowKind;
  readonly value: Uint8Array;
}

/** Deletes every version of the keys in `[start, end)` that is strictly older than `timestamp`. */
export interface RangeDelete {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly timestamp: number;
}

/** What a position shows: views into bytes that stay valid as long as they are referenced (blocks are immutable). */
export interface RowPosition {
  /** The key is `keyBytes[keyStart, keyEnd)`, contiguous. */
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly timestamp: number;
  readonly endTimestamp: number;
  readonly kind: RowKind;
  /** The value is `valueBytes[valueStart, valueEnd)`. */
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** No row there: before the first or after the last. */
export const END = 0;
/** The cursor stands on a row. */
export const ROW = 1;
/** A block must be loaded first: await `load()`, which completes the move. */
export const BLOCKED = 2;
/** What a move of a cursor came to. */
export type Step = typeof END | typeof ROW | typeof BLOCKED;

/**
 * A place in an ordered set of rows. Moves are synchronous where the block is in memory; the position's fields are
 * meaningful only after a move that came to {@link ROW}. One caller at a time. The bytes of a key that is sought must
 * not change until the move is complete.
 */
export interface RowCursor extends RowPosition {
  /** How many leading bytes the key is known to have in common with the one shown before the last move; 0 if not given. */
  readonly shared?: number;
  /** Moves to the first row. */
  seekFirst(): Step;
  /** Moves to the last row. */
  seekLast(): Step;
  /** Moves to the first row of a key `>= key`; with `timestamp`, skips versions of exactly `key` newer than it. */
  seek(key: Uint8Array, timestamp?: number): Step;
  /** Moves to the last row of a key `< key`. */
  seekBefore(key: Uint8Array): Step;
  /** Moves one row on. */
  next(): Step;
  /** Moves one row back. */
  previous(): Step;
  /** Loads what the last move was {@link BLOCKED} on and completes that move. May come to `BLOCKED` again. */
  load(signal?: AbortSignal): Promise<Step>;
}
