/** What the stores of the Level family have in common, as far as the benchmark calls it. */
import type { Key, Value, Visit } from '../driver.ts';

/** An open Level. */
export interface AbstractLevel {
  open(): Promise<void>;
  batch(): LevelBatch;
  get(key: Key): Promise<Value>;
  getSync(key: Key): Value;
  getMany(keys: readonly Key[]): Promise<Value[]>;
  iterator(options: LevelRange): LevelIterator;
  close(): Promise<void>;
}

/** A chained batch. */
export interface LevelBatch {
  put(key: Key, value: Uint8Array): unknown;
  write(options?: { readonly sync: boolean }): Promise<unknown>;
}

/** A range that is iterated over. */
export interface LevelRange {
  readonly gte?: Key;
  readonly limit?: number;
  readonly highWaterMarkBytes?: number;
}

/** An iterator. */
export interface LevelIterator {
  nextv(size: number): Promise<LevelEntry[]>;
  close(): Promise<void>;
}

/** Key and value. */
export type LevelEntry = readonly [Key, Uint8Array];

/** Visits entries. */
export function visitEntries(entries: readonly LevelEntry[], visit: Visit): void {
  for (const [key, value] of entries) visit(key, value);
}

/** Visits all entries, `size` at a time, and closes the iterator. */
export async function nextvRows(iterator: LevelIterator, size: number, visit: Visit): Promise<void> {
  for (;;) {
    const entries = await iterator.nextv(size);
    if (entries.length === 0) break;
    visitEntries(entries, visit);
  }
  await iterator.close();
}
