/**
 * One process of the fight: takes resources, counts under their leases, lets go of them, and writes down what it does.
 *
 * Lines of its log, times in nanoseconds of the clock that all processes of a machine share:
 *
 *     grant RESOURCE TOKEN
 *     valid RESOURCE TOKEN BEFORE AFTER      the lease was found valid at some moment in between
 *     try RESOURCE TOKEN N                   a guarded write of N is about to be sent
 *     done RESOURCE TOKEN N                  it was acknowledged
 *     lost REASON
 */
import { openSync, writeSync } from 'node:fs';
import { isClorthoError, randomBelow, systemRandom } from '@clortho/base';
import { LeaseSession } from '@clortho/lease';
import { openFightRegisters } from './fight-registers.mjs';

const { place, name, resources, times, log } = JSON.parse(process.argv[2]);
const file = openSync(log, 'a');
const write = (...words) => writeSync(file, `${words.join(' ')}\n`);
const now = () => process.hrtime.bigint();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const text = (bytes) => new TextDecoder().decode(bytes);

const registers = await openFightRegisters(place);
const onEvent = (event) => {
  if (event.type === 'lost' && event.reason !== 'released' && event.reason !== 'handed over')
    write('lost', event.reason);
  if (event.type === 'ended' && event.error !== undefined) process.stderr.write(`${event.error}\n`);
};
let isOver = false;
process.on('SIGTERM', () => {
  isOver = true;
});
const session = await start();
// Several resources at a time, a random one after the other.
await Promise.all(Array.from({ length: 8 }, fight));
await session.close();
await registers.close();

async function start() {
  for (;;) {
    try {
      return await LeaseSession.start({ registers, name, ...times, onEvent });
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}

async function fight() {
  while (!isOver && session.ended === undefined) {
    const resource = resources[randomBelow(systemRandom, resources.length)];
    try {
      const lease = await session.tryAcquire(resource);
      if (lease === undefined) await sleep(5 + randomBelow(systemRandom, 40));
      else await hold(lease);
    } catch (error) {
      if (
        !isPassing(error) &&
        !isClorthoError(error, 'CLORTHO_FENCED') &&
        !isClorthoError(error, 'CLORTHO_CLOSED')
      )
        throw error;
      await sleep(50);
    }
  }
}

async function hold(lease) {
  write('grant', lease.resource, lease.token);
  const steps = randomBelow(systemRandom, 6);
  for (let step = 0; step < steps && !isOver; step += 1) {
    const before = now();
    if (!lease.valid) return;
    write('valid', lease.resource, lease.token, before, now());
    await count(lease);
    await sleep(randomBelow(systemRandom, 60));
  }
  const isGiven = randomBelow(systemRandom, 4) === 0;
  if (isGiven && lease.valid)
    await lease.handOver(`process-${randomBelow(systemRandom, 8)}`).catch(() => lease.release());
  else await lease.release();
}

async function count(lease) {
  const key = `count/${lease.resource}`;
  const [register] = await registers.read([key]);
  const n = register === undefined ? 1 : Number(text(register.value).split(' ')[0]) + 1;
  const value = new TextEncoder().encode(`${n} ${lease.token} ${name}`);
  const check = lease.check();
  write('try', lease.resource, lease.token, n);
  const result = await registers.compareAndSwap([{ key, expect: register?.version ?? 0, value }, check]);
  if (result.applied) write('done', lease.resource, lease.token, n);
}

function isPassing(error) {
  return ['CLORTHO_UNAVAILABLE', 'CLORTHO_OUTCOME_UNKNOWN', 'CLORTHO_NOT_FOUND', 'CLORTHO_ABORTED'].some(
    (code) => isClorthoError(error, code),
  );
}
