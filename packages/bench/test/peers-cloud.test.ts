import { expect, test } from 'vitest';
import { clorthoInCloud } from '../src/peers/cloud/clortho-cloud.ts';
import {
  type CloudRequests,
  countOf,
  dollarsOf,
  getMs,
  requestsBetween,
} from '../src/peers/cloud/modelled-cloud.ts';
import type { Driver } from '../src/peers/driver.ts';
import { checkValue, keyOfNumber, rowsheet } from '../src/peers/run/dataset.ts';
import { writeRows } from '../src/peers/run/write-rows.ts';

const NOTHING: CloudRequests = {
  gets: 0,
  puts: 0,
  deletes: 0,
  registerReads: 0,
  registerWrites: 0,
  bytesGot: 0,
};

test('a GET takes its latency and what its bytes take; requests cost what they do in us-east-1', () => {
  expect(getMs(0)).toBe(15);
  expect(getMs(80e6)).toBe(1015);
  expect(dollarsOf({ ...NOTHING, gets: 1e6, puts: 1e6, deletes: 1e6 })).toBeCloseTo(5.4);
  expect(dollarsOf({ ...NOTHING, registerReads: 1e6, registerWrites: 1e6 })).toBeCloseTo(0.75);
});

test('what was asked between two moments is counted, bytes apart', () => {
  const before = { ...NOTHING, gets: 2, bytesGot: 10 };
  const after = { ...NOTHING, gets: 5, registerWrites: 1, bytesGot: 40 };
  expect(requestsBetween(before, after)).toEqual({ ...NOTHING, gets: 3, registerWrites: 1, bytesGot: 30 });
  expect(countOf(requestsBetween(before, after))).toBe(4);
});

test('a store in the cloud asks for a block per cold read, and waits for it only while the cloud is slow', async () => {
  const cloud = await clorthoInCloud();
  const loading = (await cloud.open('everything')) as Driver;
  await writeRows(loading, rowsheet(3000, 'bytes', 1), 2);
  await loading.close();
  const driver = (await cloud.open('metadata')) as Driver;
  const read = async (number: number): Promise<void> =>
    checkValue(await driver.get(keyOfNumber(number, 'bytes')), number);
  await read(1);
  const before = await cloud.requests();
  await cloud.setSlow(true);
  const began = performance.now();
  await read(2900);
  expect(performance.now() - began).toBeGreaterThanOrEqual(14);
  await cloud.setSlow(false);
  const asked = requestsBetween(before, await cloud.requests());
  expect(asked.gets).toBeGreaterThanOrEqual(1);
  expect(asked.bytesGot).toBeGreaterThan(100);
  await driver.close();
  await cloud.close();
});
