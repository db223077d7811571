/**
 * The family that the bench keeps its rows in, and the row that says whose it is and what was loaded.
 *
 * Invariants:
 * - Nothing outside of this family is written, and the family only if its first row is the bench's or it has no rows.
 * - A load is noted when its last batch is durable: rows of a load that was cut short are loaded again.
 */
import { ClorthoError, decodeUtf8 } from '@clortho/base';
import type { FamilyHandle, FamilyOptions, Store } from '@clortho/engine';
import { KEY_PREFIX } from './rows.ts';

/** The name of the family. */
export const BENCH_FAMILY = 'clortho-bench';

/** What is asked to be loaded. */
export interface LoadSpec {
  readonly entries: number;
  readonly seed: number;
}

/** What was loaded. */
export interface LoadNote extends LoadSpec {
  /** The timestamp of the last batch. */
  readonly loadedAt: number;
}

const DAY_MS = 24 * 3_600_000;
/** Overwritten values are kept for reads of the past, and go by themselves a day later. */
const OPTIONS: FamilyOptions = { retention: { keepMs: DAY_MS } };
/** Older loads are not used again: what was loaded may be beyond the horizon before the bench has ended. */
const USABLE_MS = DAY_MS / 2;

/** Sorts before all keys of rows. */
const NOTE_KEY = 'bench';
const NOTE_FORMAT = 'clortho-bench 1';

/**
 * Returns the family; one that is missing is created, or with `create: false` not found.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it belongs to somebody else, or the store has external time;
 *   `CLORTHO_NOT_FOUND`.
 */
export async function openBenchFamily(
  store: Store,
  { create }: { readonly create: boolean },
): Promise<FamilyHandle> {
  const { time, families } = await store.stats();
  if (time === 'external') {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `the timestamps of a store with external time are not the bench's to choose: at=${store.name}`,
    );
  }
  if (!families.some(({ name }) => name === BENCH_FAMILY)) {
    if (create) return store.createFamily(BENCH_FAMILY, OPTIONS);
    throw new ClorthoError('CLORTHO_NOT_FOUND', `the store has no rows of the bench: at=${store.name}`);
  }
  const family = store.family(BENCH_FAMILY);
  for await (const { key, value } of family.scan({ limit: 1 })) {
    if (isText(key, NOTE_KEY) && noteOf(value) !== undefined) break;
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `the family has rows that are not the bench's: family=${BENCH_FAMILY} at=${store.name}`,
    );
  }
  return family;
}

/** Returns what is loaded, if it is what `spec` asks for and can be used. */
export async function usableLoad(
  family: FamilyHandle,
  spec: LoadSpec,
  nowMs: number,
): Promise<LoadNote | undefined> {
  const value = await family.get(NOTE_KEY);
  const note = value && noteOf(value);
  if (note?.loadedAt === undefined || note.loadedAt < (nowMs - USABLE_MS) * 1000) return undefined;
  return note.entries === spec.entries && note.seed === spec.seed
    ? { ...spec, loadedAt: note.loadedAt }
    : undefined;
}

/** Removes all rows and notes that a load has begun, or with `loadedAt` only that it has ended. */
export async function noteLoad(store: Store, spec: LoadSpec, loadedAt?: number): Promise<void> {
  const value = JSON.stringify({ format: NOTE_FORMAT, ...spec, loadedAt });
  const note = { type: 'put', key: NOTE_KEY, value, family: BENCH_FAMILY } as const;
  await store.write(loadedAt === undefined ? [removal(KEY_PREFIX), note] : [note]);
}

/** Removes all rows of the bench. The family stays, empty. */
export async function removeRows(store: Store): Promise<void> {
  await store.write([removal(NOTE_KEY)]);
}

function removal(start: string): { type: 'deleteRange'; start: string; end: string; family: string } {
  return { type: 'deleteRange', start, end: `${KEY_PREFIX}~`, family: BENCH_FAMILY };
}

function noteOf(value: Uint8Array): (Partial<LoadNote> & { readonly format: string }) | undefined {
  try {
    const note = JSON.parse(decodeUtf8(value)) as unknown;
    const isOurs =
      typeof note === 'object' && note !== null && 'format' in note && note.format === NOTE_FORMAT;
    return isOurs ? (note as Partial<LoadNote> & { readonly format: string }) : undefined;
  } catch (error) {
    // What is neither text nor JSON was not written by the bench.
    if (error instanceof SyntaxError || error instanceof ClorthoError) return undefined;
    throw error;
  }
}

function isText(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') === text;
}
