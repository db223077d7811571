/**
 * One writer: a process that writes its batches, notes what was acknowledged and watches another writer.
 *
 *     node worker.js DIRECTORY WRITER WRITERS BATCHES LIFE
 *
 * It finds out by itself which of its batches are in the store, so it can be killed and started again at any moment.
 * Exits with 75 to be started again after a backend was out of reach, with 1 on anything that must not happen.
 */
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { isClorthoError } from '@clortho/base';
import type { Store } from '@clortho/engine';
import { acknowledge, acknowledgementsPath } from './acknowledgement.ts';
import {
  type BatchName,
  COPIES,
  copyPrefix,
  openStore,
  operationsOf,
  ownKeys,
  readOwnValue,
} from './batch.ts';

/** Batches under way at once: 1 to this many, so that groups of all sizes come up. */
const UNDER_WAY_MAX = 8;
/** Batches between two looks at another writer. */
const WATCH_EVERY = 16;
/** Batches between two passes of garbage collection, by one of the writers. */
const COLLECT_EVERY = 100;
const COLLECTOR = 1;
/** Writers that also compact, the one that is killed among them: they take each other's work away. */
const COMPACTORS = 2;
const START_AGAIN = 75;

const [directory = '', ...counts] = process.argv.slice(2);
const [writer = 0, writers = 1, batches = 0, life = 0] = counts.map(Number);

main().catch((error: unknown) => {
  const isOutOfReach =
    isClorthoError(error, 'CLORTHO_UNAVAILABLE') || isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN');
  process.stderr.write(`writer ${writer}: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(isOutOfReach ? START_AGAIN : 1);
});

async function main(): Promise<void> {
  const acknowledgements = openSync(acknowledgementsPath(directory, writer), 'a');
  const store = await openStore(join(directory, 'store'), writer < COMPACTORS ? 'auto' : 'manual');
  const present = await batchesIn(store);
  const underWay = new Set<Promise<void>>();
  const watch = watcher(store, (writer + 1) % writers);
  const write = async (number: number): Promise<void> => {
    const { timestamp, token } = await store.write(operationsOf({ writer, number }, life));
    acknowledge(acknowledgements, { writer, number, life, timestamp, token });
  };
  for (let number = 0; number < batches; number += 1) {
    if (present.has(number)) continue;
    while (underWay.size > (number >> 4) % UNDER_WAY_MAX) await Promise.race(underWay);
    const writing: Promise<void> = write(number).finally(() => underWay.delete(writing));
    underWay.add(writing);
    if (number % WATCH_EVERY === writer) await watch();
    if (writer === COLLECTOR && number % COLLECT_EVERY === 0) await store.gc();
  }
  await Promise.all(underWay);
  await store.close();
}

/** Returns the numbers of this writer's batches that are in the store. */
async function batchesIn(store: Store): Promise<ReadonlySet<number>> {
  const numbers = new Set<number>();
  const rows = store.scan({ family: COPIES, prefix: copyPrefix(writer) });
  for await (const { value } of rows) numbers.add(readOwnValue(value).number);
  return numbers;
}

/**
 * Returns a look at the newest batches of another writer: each is there as a whole, or not at all. Strides double, so
 * that a look costs little however far the other is ahead.
 */
function watcher(store: Store, watched: number): () => Promise<void> {
  let next = 0;
  return async () => {
    for (let stride = 1; next < batches; stride *= 2) {
      const name: BatchName = { writer: watched, number: next };
      const found = await store.getMany(ownKeys(name), stride === 1 ? { atLeast: 'latest' } : {});
      const rows = found.filter((value) => value !== undefined).length;
      if (rows === 0) return;
      if (rows < found.length) {
        throw new Error(`part of a batch is visible: writer=${watched} batch=${next} rows=${rows}`);
      }
      next += stride;
    }
  };
}
