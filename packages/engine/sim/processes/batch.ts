/**
 * What the writers write: batches whose rows tell of which batch they are, over several keys, families and shards.
 *
 *     default   64s | "row/" w "/" n "/" i   →  life "/" n          two to four rows of their own, on two shards
 *     copies    64s | "row/" w "/" n         →  life "/" n          one row, which tells a writer what it has done
 *     default   "shared/" (n mod 8)          →  w "/" life "/" n    a key that all writers write
 *     totals    "total/" w                   +  1                   counts what was applied, and how often
 *
 * `w` is the writer, `n` the number of the batch, `life` how often the writer was started before, `s` a shard.
 *
 * Invariants:
 * - Every batch spans shards and families, and its rows name it: what is torn, lost or applied twice shows.
 */
import { type Operation, open, type Store } from '@clortho/engine';

/** The shards of the store. */
const SHARDS = 4;
/** How many keys are written by all. */
export const SHARED_KEYS = 8;
/** The family that has one row of every batch. */
export const COPIES = 'copies';
/** The family that counts batches. */
export const TOTALS = 'totals';

const SHARD_WIDTH = 256 / SHARDS;
const VALUE_BYTES_MAX = 300;

/** One batch of one writer. */
export interface BatchName {
  readonly writer: number;
  readonly number: number;
}

/** Opens the store of the writers, and creates it if it is missing. */
export function openStore(directory: string, compaction: 'auto' | 'manual'): Promise<Store> {
  const families = { [COPIES]: {}, [TOTALS]: { merge: 'sum' } };
  return open(`file:${directory}`, { shards: SHARDS, families, compaction });
}

/**
 * Returns the keys of a batch that no other batch writes, in the default family: on two shards, the same ones for
 * batches that are likely to share a commit.
 */
export function ownKeys({ writer, number }: BatchName): Uint8Array[] {
  const first = writer + (number >> 4);
  return Array.from({ length: 2 + (number % 3) }, (_, index) =>
    keyIn((first + (index % 2)) % SHARDS, `row/${writer}/${number}/${index}`),
  );
}

/** Returns the key of a batch in the family of copies. */
export function copyKey({ writer, number }: BatchName): Uint8Array {
  return keyIn(writer % SHARDS, `row/${writer}/${number}`);
}

/** Returns the beginning of a writer's keys in the family of copies. */
export function copyPrefix(writer: number): Uint8Array {
  return keyIn(writer % SHARDS, `row/${writer}/`);
}

/** Returns a key that all writers write. */
export function sharedKey(number: number): string {
  return `shared/${number % SHARED_KEYS}`;
}

/** Returns the key that counts the batches of a writer. */
export function totalKey(writer: number): string {
  return `total/${writer}`;
}

/** Returns the value of a batch's own rows. Values differ in length, so that files do. */
export function ownValue({ number }: BatchName, life: number): string {
  return `${life}/${number}/`.padEnd((number * 37) % VALUE_BYTES_MAX, '.');
}

/** Returns the life and the number that a value of {@link ownValue} tells. */
export function readOwnValue(value: Uint8Array): { readonly life: number; readonly number: number } {
  const [life, number] = Buffer.from(value).toString().split('/').map(Number);
  return { life: life ?? Number.NaN, number: number ?? Number.NaN };
}

/** Returns the operations of a batch. */
export function operationsOf(name: BatchName, life: number): Operation[] {
  const value = ownValue(name, life);
  const shared = `${name.writer}/${life}/${name.number}`;
  const one = new Uint8Array(Float64Array.of(1).buffer);
  return [
    ...ownKeys(name).map((key): Operation => ({ type: 'put', key, value })),
    { type: 'put', family: COPIES, key: copyKey(name), value },
    { type: 'put', key: sharedKey(name.number), value: shared },
    { type: 'merge', family: TOTALS, key: totalKey(name.writer), value: one },
  ];
}

function keyIn(shard: number, text: string): Uint8Array {
  return Uint8Array.of(shard * SHARD_WIDTH, ...Buffer.from(text));
}
