import { seededRandom } from '@clortho/base';
import { expect, test } from 'vitest';
import { callFor } from '../src/peers/run/callers.ts';
import { checkValue, keyOfNumber, rowsheet, valueOfNumber } from '../src/peers/run/dataset.ts';
import { fnv64, LATEST, ycsbChoices } from '../src/peers/run/ycsb-choices.ts';

const COUNT = 20_000;
const RECORDS = 1000;

test('a rowsheet has every row once, in another order each time, the same for keys as bytes and as text', () => {
  const sheet = rowsheet(500, 'bytes', 7);
  const text = rowsheet(500, 'text', 7);
  const numbers = Array.from({ length: 500 }, (_, place) => sheet.numberAt(place));
  expect(new Set(numbers).size).toBe(500);
  expect(sheet.rows(0, 600)).toHaveLength(500);
  const [row] = sheet.rows(3, 4);
  expect(row!.key).toEqual(keyOfNumber(numbers[3]!, 'bytes'));
  expect(text.rows(3, 4)[0]!.key).toBe(keyOfNumber(numbers[3]!, 'text'));
  checkValue(row!.value, numbers[3]!);
  sheet.redraw();
  expect(Array.from({ length: 500 }, (_, place) => sheet.numberAt(place))).not.toEqual(numbers);
});

test('a value of another row, a short one or none is found out', () => {
  const value = valueOfNumber(4711, seededRandom(1));
  expect(() => checkValue(value, 4711)).not.toThrow();
  expect(() => checkValue(value, 4712)).toThrow('a wrong value for row 4712');
  expect(() => checkValue(value.subarray(1), 4711)).toThrow('a wrong value');
  expect(() => checkValue(undefined, 4711)).toThrow('none');
});

test('the hash is FNV-1a of eight bytes, as YCSB has it', () => {
  expect(fnv64(0)).toBe(6284781860667377211n);
});

test.each([
  ['ycsb-a', 'update', 0.5],
  ['ycsb-b', 'update', 0.05],
  ['ycsb-d', 'insert', 0.05],
  ['ycsb-e', 'insert', 0.05],
  ['ycsb-f', 'read-modify-write', 0.5],
])('%s has its share of %s', (workload, kind, share) => {
  const choices = ycsbChoices(workload, RECORDS, COUNT, seededRandom(3));
  const count = choices.filter((choice) => choice.kind === kind).length;
  expect(Math.abs(count / COUNT - share)).toBeLessThan(0.015);
  expect(
    choices.every(({ number, rows }) => number >= 0 && number < RECORDS && rows >= 1 && rows <= 100),
  ).toBe(true);
});

test('reads of the latest prefer the last records, the others a few spread over all', () => {
  const latest = ycsbChoices(LATEST, RECORDS, COUNT, seededRandom(3));
  expect(latest.filter(({ number }) => number === 0).length / COUNT).toBeGreaterThan(0.1);
  const scattered = ycsbChoices('ycsb-c', RECORDS, COUNT, seededRandom(3));
  const counts = new Map<number, number>();
  for (const { number } of scattered) counts.set(number, (counts.get(number) ?? 0) + 1);
  const [hottest] = [...counts].toSorted(([, left], [, right]) => right - left);
  expect(hottest?.[0]).toBe(Number(fnv64(0) % BigInt(RECORDS)));
});

test('callers number their calls and each waits for its answer', async () => {
  let inFlight = 0;
  let most = 0;
  const seen: number[] = [];
  const calls = await callFor(4, 0.02, async (number) => {
    seen.push(number);
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
  });
  expect(most).toBe(4);
  expect(seen).toEqual(Array.from({ length: calls }, (_, number) => number));
});
