/** A process that reads a loaded store in every way. */
import { randomBelow, seededRandom } from '@clortho/base';
import { beSubject } from '../../workload/subject.ts';
import type { Driver, Key, Look } from '../driver.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { MANY_KEYS, READ_CALLERS, SHORT_SCAN_ROWS } from '../workloads.ts';
import { callFor, loopFor } from './callers.ts';
import { comeToRest } from './come-to-rest.ts';
import { absentKey, checkRow, checkValue, keyOfNumber, rowsheet } from './dataset.ts';
import { KEEP_MS, LOAD_IN_FLIGHT } from './opening.ts';
import { measured, type RunSetup, type Sample } from './sample.ts';
import { writeRows } from './write-rows.ts';

/** Choices are drawn before the time begins, and used again after so many. */
const POOL = 2 ** 16;
const WARM_UP_SHARE = 0.5;

type Work = (seconds: number) => Promise<number>;

await beSubject(async (given) => {
  const { peer: name, folder, durable, entries, seed, seconds } = given as RunSetup;
  const peer = peerNamed(name);
  const driver = await (await importPeer(peer))({ folder, durable, keepMs: KEEP_MS });
  if (!peer.persistent) await writeRows(driver, rowsheet(entries, driver.keys, seed), LOAD_IN_FLIGHT);
  await scanAll(driver, entries);
  await comeToRest();
  const works = worksOf(driver, entries, seed);
  const warm = new Set<string>();
  return {
    async round(workload): Promise<Sample | undefined> {
      const work = works[workload as string];
      if (work === undefined) return undefined;
      if (!warm.has(workload as string)) await work(WARM_UP_SHARE * seconds);
      warm.add(workload as string);
      return measured(() => work(seconds));
    },
    end: () => driver.close(),
  };
});

function worksOf(driver: Driver, entries: number, seed: number): Readonly<Record<string, Work | undefined>> {
  const random = seededRandom(seed);
  const numbers = Uint32Array.from({ length: POOL }, () => randomBelow(random, entries));
  const numberAt = (call: number): number => numbers[call % POOL] as number;
  const present = Array.from(numbers, (number) => keyOfNumber(number, driver.keys));
  const absent = Array.from(numbers, (number) => absentKey(number, driver.keys));
  const keyAt = (keys: readonly Key[], call: number): Key => keys[call % POOL] as Key;
  const getSync = driver.getSync?.bind(driver);
  const starts = numbers.map((number) => Math.min(number, Math.max(0, entries - SHORT_SCAN_ROWS)));
  const startKeys = Array.from(starts, (number) => keyOfNumber(number, driver.keys));
  return {
    get: (seconds) =>
      callFor(READ_CALLERS, seconds, async (call) =>
        checkValue(await driver.get(keyAt(present, call)), numberAt(call)),
      ),
    'get-sync':
      getSync &&
      ((seconds) => loopFor(seconds, (call) => checkValue(getSync(keyAt(present, call)), numberAt(call)))),
    missing: (seconds) =>
      callFor(READ_CALLERS, seconds, async (call) => checkAbsent(await driver.get(keyAt(absent, call)))),
    'missing-sync':
      getSync && ((seconds) => loopFor(seconds, (call) => checkAbsent(getSync(keyAt(absent, call))))),
    'get-many': async (seconds) => {
      const calls = await callFor(1, seconds, async (call) => {
        const from = (call * MANY_KEYS) % (POOL - MANY_KEYS);
        const values = await driver.getMany(present.slice(from, from + MANY_KEYS));
        if (values.length !== MANY_KEYS) throw new Error('getMany left keys out');
        values.forEach((value, at) => checkValue(value, numberAt(from + at)));
      });
      return calls * MANY_KEYS;
    },
    scan: (seconds) => repeatFor(seconds, () => scanAll(driver, entries)),
    'scan-chunks': (seconds) => repeatFor(seconds, () => lookAtAll(driver, entries)),
    'scan-50': (seconds) =>
      callFor(1, seconds, async (call) => {
        let rows = 0;
        const number = starts[call % POOL] as number;
        await driver.scanFrom(keyAt(startKeys, call), SHORT_SCAN_ROWS, (_, value) => {
          checkValue(value, number + rows);
          rows += 1;
        });
        if (rows !== Math.min(SHORT_SCAN_ROWS, entries)) throw new Error(`a scan gave ${rows} rows`);
      }),
  };
}

function checkAbsent(value: unknown): void {
  if (value !== undefined && value !== null) throw new Error('a value for a key that was never written');
}

/** Scans all rows again and again; at least once. */
async function repeatFor(seconds: number, scan: () => Promise<number>): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let rows = 0;
  do rows += await scan();
  while (performance.now() < end);
  return rows;
}

async function scanAll(driver: Driver, entries: number): Promise<number> {
  let rows = 0;
  await driver.scan((key, value) => {
    checkRow(key.length, value.length);
    rows += 1;
  });
  return counted(rows, entries);
}

/** Scans all rows in chunks, or as the driver scans. */
async function lookAtAll(driver: Driver, entries: number): Promise<number> {
  let rows = 0;
  const look: Look = (keyLength, valueLength, first) => {
    checkRow(keyLength, valueLength);
    if (first === undefined) throw new Error('a value has no first byte');
    rows += 1;
  };
  if (driver.scanChunks !== undefined) await driver.scanChunks(look);
  else await driver.scan((key, value) => look(key.length, value.length, value[0]));
  return counted(rows, entries);
}

function counted(rows: number, entries: number): number {
  if (rows !== entries) throw new Error(`a scan gave ${rows} rows of ${entries}`);
  return rows;
}
