/** A process that overwrites a tenth of a loaded store, and reads the newest state beside the one before. */
import { randomBelow, seededRandom } from '@clortho/base';
import { beSubject } from '../../workload/subject.ts';
import type { Driver, Key, Row } from '../driver.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { BATCH_ROWS, READ_CALLERS } from '../workloads.ts';
import { callFor } from './callers.ts';
import { comeToRest } from './come-to-rest.ts';
import { checkRow, checkValue, keyOfNumber, valueOfNumber } from './dataset.ts';
import { KEEP_MS } from './opening.ts';
import { measured, type RunSetup } from './sample.ts';

const POOL = 2 ** 16;
const WARM_UP_SHARE = 0.5;
const OVERWRITTEN_SHARE = 0.1;

await beSubject(async (given) => {
  const { peer, folder, durable, entries, seed, seconds } = given as RunSetup;
  const open = await importPeer(peerNamed(peer));
  const driver = await open({ folder, durable, keepMs: KEEP_MS });
  const { past } = driver;
  if (past === undefined) throw new Error(`${peer} has no past`);
  const random = seededRandom(seed);
  const rowOf = (number: number): Row => ({
    key: keyOfNumber(number, driver.keys),
    value: valueOfNumber(number, random),
  });
  await driver.write([rowOf(0)]);
  const moment = past.now();
  await overwrite(driver, OVERWRITTEN_SHARE * entries, () => rowOf(randomBelow(random, entries)));
  await driver.scan((key, value) => checkRow(key.length, value.length));
  await comeToRest();
  const numbers = Uint32Array.from({ length: POOL }, () => randomBelow(random, entries));
  const keys = Array.from(numbers, (number) => keyOfNumber(number, driver.keys));
  const read = (call: number, isPast: boolean): unknown => {
    const key = keys[call % POOL] as Key;
    return isPast ? past.getAsOf(key, moment) : driver.get(key);
  };
  const run = (isPast: boolean, time: number): Promise<number> =>
    callFor(READ_CALLERS, time, async (call) =>
      checkValue((await read(call, isPast)) as Uint8Array | undefined, numbers[call % POOL] as number),
    );
  for (const isPast of [true, false]) await run(isPast, WARM_UP_SHARE * seconds);
  return {
    round: (workload) => measured(() => run(workload === 'as-of', seconds)),
    end: () => driver.close(),
  };
});

async function overwrite(driver: Driver, count: number, draw: () => Row): Promise<void> {
  for (let written = 0; written < count; written += BATCH_ROWS)
    await driver.write(Array.from({ length: BATCH_ROWS }, draw));
}
