/**
 * What the benchmark asks of a store: one narrow interface, behind which each is driven by the fastest calls it documents.
 *
 * Invariants:
 * - A durable driver resolves a write once it would survive the loss of power, as far as its store can promise that at all.
 * - Values that `get`, `getMany` and scans hand out are bytes, or nothing at all for a key without a value.
 */

/** A key as the store likes it best: bytes, or a string of the same ASCII characters. */
export type Key = Uint8Array | string;

/** A value, or that there is none. */
export type Value = Uint8Array | null | undefined;

/** A row to write. */
export interface Row {
  readonly key: Key;
  readonly value: Uint8Array;
}

/** Called with each row of a scan; the bytes are only looked at. */
export type Visit = (key: Key, value: Uint8Array) => void;

/**
 * Called with what every row of a scan shows without a view of it: how long its key and its value are, and the first byte of
 * the value. A store that has rows as views or objects anyway looks at those.
 */
export type Look = (keyLength: number, valueLength: number, first: number | undefined) => void;

/** How a store is opened. */
export interface Opening {
  /** Empty, or what the same driver has left there. */
  readonly folder: string;
  /** Whether writes are waited for until they are durable. */
  readonly durable: boolean;
  /** How long superseded values stay readable, for stores that keep any; remembered from the first opening on. */
  readonly keepMs: number;
}

/** An open store. */
export interface Driver {
  /** Which keys to hand in. */
  readonly keys: 'bytes' | 'text';
  /** Writes rows at once, atomically. */
  write(rows: readonly Row[]): Promise<unknown>;
  /** Writes one row, one of many callers. */
  put(key: Key, value: Uint8Array): Promise<unknown>;
  /** Reads for a caller that awaits. */
  get(key: Key): Value | Promise<Value>;
  /** Reads at once, if the store can. */
  getSync?(key: Key): Value;
  /** Reads several keys. */
  getMany(keys: readonly Key[]): readonly Value[] | Promise<readonly Value[]>;
  /** Visits all rows in order. */
  scan(visit: Visit): Promise<void>;
  /** Looks at all rows in chunks or by a cursor, where that is another way and faster. */
  scanChunks?(look: Look): Promise<void>;
  /** Visits `count` rows from `key` on. */
  scanFrom(key: Key, count: number, visit: Visit): Promise<void>;
  /** Frees the space of what was replaced, where a store does that only when it is told to. */
  reclaim?(): Promise<void>;
  /** Reads the past. */
  readonly past?: Past | undefined;
  /** Closes the store. */
  close(): Promise<void>;
}

/** The past of a store that has one. */
export interface Past {
  /** Returns the moment of the last write. */
  now(): number;
  /** Reads as of a moment. */
  getAsOf(key: Key, moment: number): Promise<Value>;
}

/** Memory that every store is given for blocks, if it takes a figure. */
export const CACHE_BYTES: number = 256 * 2 ** 20;

/** Rows that are asked for at a time in a scan by chunks. */
export const CHUNK_ROWS = 1000;
