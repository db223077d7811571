/** A process with a store in the modelled cloud: loaded without delays, then read and written with them. */
import { randomBelow, seededRandom } from '@clortho/base';
import { beSubject } from '../../workload/subject.ts';
import {
  type CloudCache,
  type CloudRequests,
  countOf,
  dollarsOf,
  requestsBetween,
} from '../cloud/modelled-cloud.ts';
import type { Driver, Key } from '../driver.ts';
import { peerNamed } from '../peers.ts';
import { CLOUD_SCAN_ROWS, READ_CALLERS } from '../workloads.ts';
import { callFor } from './callers.ts';
import { comeToRest } from './come-to-rest.ts';
import { checkValue, keyOfNumber, type Rowsheet, rowsheet, USER_BYTES } from './dataset.ts';
import { LOAD_IN_FLIGHT } from './opening.ts';
import { measured, type RunSetup, type Sample } from './sample.ts';
import { writeRows } from './write-rows.ts';
import { ycsbChoices } from './ycsb-choices.ts';

const POOL = 2 ** 16;
const CACHED_SHARE = 0.1;
/** Reads without delays until caches hold what they are going to hold. */
const READING_SECONDS = 4;
const WRITING_SECONDS = 0.2;

interface CloudWork {
  readonly cache: CloudCache;
  readonly warmUpSeconds: number;
  run(driver: Driver, seconds: number): Promise<number>;
}

await beSubject(async (given) => {
  const { peer: name, folder, entries, seed, seconds } = given as RunSetup;
  const inCloud = await peerNamed(name).cloud?.();
  if (inCloud === undefined) throw new Error(`${name} cannot live in the cloud`);
  const cloud = await inCloud(folder);
  const works = worksOf(entries, seed);
  let current: { readonly workload: string; readonly driver: Driver | undefined } | undefined;

  const openFor = async (
    workload: string,
    { cache, warmUpSeconds, run }: CloudWork,
  ): Promise<Driver | undefined> => {
    if (current?.workload === workload) return current.driver;
    await current?.driver?.close();
    const driver = await cloud.open(cache);
    current = { workload, driver };
    if (driver !== undefined) await run(driver, warmUpSeconds);
    return driver;
  };

  const loading = (await cloud.open('everything')) as Driver;
  await writeRows(loading, rowsheet(entries, loading.keys, seed), LOAD_IN_FLIGHT);
  await comeToRest();
  await loading.close();
  return {
    async round(request): Promise<Sample | undefined> {
      const workload = request as string;
      const work = works[workload];
      if (work === undefined) return undefined;
      const driver = await openFor(workload, work);
      if (driver === undefined) return undefined;
      await cloud.setSlow(true);
      const before = await cloud.requests();
      let operations = 0;
      const sample = await measured(async () => {
        operations = await work.run(driver, seconds);
        return operations;
      });
      const asked = perOperation(requestsBetween(before, await cloud.requests()), operations);
      await cloud.setSlow(false);
      const use = { opsPerSecond: sample.value, requests: asked, dollars: dollarsOf(asked) };
      return { ...sample, value: workload === 'cloud-write' ? sample.value : countOf(asked), cloud: use };
    },
    async end() {
      await current?.driver?.close();
      await cloud.close();
    },
  };
});

function worksOf(entries: number, seed: number): Readonly<Record<string, CloudWork>> {
  const random = seededRandom(seed);
  const numbers = Uint32Array.from({ length: POOL }, () => randomBelow(random, entries));
  const starts = numbers.map((number) => Math.min(number, Math.max(0, entries - CLOUD_SCAN_ROWS)));
  const zipfian = Uint32Array.from(ycsbChoices('ycsb-c', entries, POOL, random), ({ number }) => number);
  // Nothing is asked twice in the same order: what was read in one round is not what the next one reads.
  let calls = 0;
  let sheet: Rowsheet | undefined;
  const readFrom =
    (drawn: Uint32Array): CloudWork['run'] =>
    (driver, seconds) =>
      callFor(READ_CALLERS, seconds, async () => {
        const number = drawn[calls++ % POOL] as number;
        checkValue(await driver.get(keyOf(driver, number)), number);
      });
  return {
    'cloud-get': { cache: 'metadata', warmUpSeconds: READING_SECONDS, run: readFrom(numbers) },
    'cloud-scan': {
      cache: 'metadata',
      warmUpSeconds: READING_SECONDS,
      run: (driver, seconds) =>
        callFor(READ_CALLERS, seconds, async () => {
          const start = starts[calls++ % POOL] as number;
          let rows = 0;
          await driver.scanFrom(keyOf(driver, start), CLOUD_SCAN_ROWS, (_, value) => {
            checkValue(value, start + rows);
            rows += 1;
          });
          if (rows !== Math.min(CLOUD_SCAN_ROWS, entries)) throw new Error(`a scan gave ${rows} rows`);
        }),
    },
    'cloud-zipf': {
      cache: Math.floor(CACHED_SHARE * entries * USER_BYTES),
      warmUpSeconds: READING_SECONDS,
      run: readFrom(zipfian),
    },
    'cloud-write': {
      cache: 'everything',
      warmUpSeconds: WRITING_SECONDS,
      run(driver, seconds) {
        sheet ??= rowsheet(entries, driver.keys, seed + 1);
        return writeRows(driver, sheet, LOAD_IN_FLIGHT, seconds);
      },
    },
  };
}

function keyOf(driver: Driver, number: number): Key {
  return keyOfNumber(number, driver.keys);
}

function perOperation(asked: CloudRequests, operations: number): CloudRequests {
  const shares = Object.entries(asked).map(([name, count]) => [
    name,
    (count as number) / Math.max(1, operations),
  ]);
  return Object.fromEntries(shares);
}
