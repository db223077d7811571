/**
 * A process whose reads come at their own pace, alone and beside durable writes.
 *
 *     reads    | |  |   | | |   drawn moments, 1,000 a second; each is timed from when it was due
 *     writes   ▇▇▇▇▇▇ ▇▇▇▇▇▇    batches, at four fifths of the rate that the store reached before
 */
import { type Random, randomBelow, randomFraction, seededRandom, systemClock } from '@clortho/base';
import { percentile } from '../../workload/statistics.ts';
import { beSubject } from '../../workload/subject.ts';
import type { Driver, Key } from '../driver.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { comeToRest } from './come-to-rest.ts';
import { checkRow, checkValue, keyOfNumber, rowsheet } from './dataset.ts';
import { KEEP_MS } from './opening.ts';
import { PacedWrites } from './paced-writes.ts';
import { measured, type RunSetup } from './sample.ts';

const READS_PER_SECOND = 1000;
const WRITTEN_SHARE = 0.8;
const QUANTILE = 0.99;
const SHEET_ROWS = 100_000;

await beSubject(async (given) => {
  const { peer, folder, durable, entries, seed, seconds } = given as RunSetup;
  const open = await importPeer(peerNamed(peer));
  const driver = await open({ folder, durable, keepMs: KEEP_MS });
  const random = seededRandom(seed);
  const writes = new PacedWrites(driver, rowsheet(Math.min(entries, SHEET_ROWS), driver.keys, seed));
  await driver.scan((key, value) => checkRow(key.length, value.length));
  const fullRate = (await writes.run(2 * seconds, Number.POSITIVE_INFINITY)) / (2 * seconds);
  await comeToRest();
  await driver.scan((key, value) => checkRow(key.length, value.length));
  await readsFor(driver, entries, random, seconds);
  return {
    async round(workload) {
      let latencies: number[] = [];
      const sample = await measured(async () => {
        const writing = workload === 'p99-beside' ? writes.run(seconds, WRITTEN_SHARE * fullRate) : undefined;
        latencies = await readsFor(driver, entries, random, seconds);
        await writing;
        return latencies.length;
      });
      if (workload === 'p99-beside') await comeToRest();
      return { ...sample, value: percentile(latencies, QUANTILE) };
    },
    end: () => driver.close(),
  };
});

/** Reads at drawn moments; returns how long each took from when it was due, in milliseconds. */
async function readsFor(driver: Driver, entries: number, random: Random, seconds: number): Promise<number[]> {
  const latencies: number[] = [];
  const read = async (key: Key, number: number, due: number): Promise<void> => {
    checkValue(await driver.get(key), number);
    latencies.push(performance.now() - due);
  };
  const reads: Promise<void>[] = [];
  const end = performance.now() + seconds * 1000;
  for (let due = performance.now(); due < end; due += intervalMs(random)) {
    const number = randomBelow(random, entries);
    const key = keyOfNumber(number, driver.keys);
    if (due > performance.now()) await systemClock.sleep(due - performance.now());
    reads.push(read(key, number, due));
  }
  await Promise.all(reads);
  return latencies;
}

/** Between arrivals that know nothing of each other. */
function intervalMs(random: Random): number {
  return (-Math.log(1 - randomFraction(random)) * 1000) / READS_PER_SECOND;
}
