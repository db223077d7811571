/** A process that runs the core workloads of YCSB on a loaded store, for 256 callers, every write durable. */
import { seededRandom } from '@clortho/base';
import { beSubject } from '../../workload/subject.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { YCSB_CALLERS } from '../workloads.ts';
import { callFor } from './callers.ts';
import { comeToRest } from './come-to-rest.ts';
import { checkRow, valueOfNumber } from './dataset.ts';
import { KEEP_MS } from './opening.ts';
import { Records } from './records.ts';
import { measured, type RunSetup } from './sample.ts';
import { LATEST, type YcsbChoice, ycsbChoices } from './ycsb-choices.ts';

const POOL = 2 ** 16;
const WARM_UP_SHARE = 0.5;

await beSubject(async (given) => {
  const { peer, folder, durable, entries, seed, seconds } = given as RunSetup;
  const open = await importPeer(peerNamed(peer));
  const driver = await open({ folder, durable, keepMs: KEEP_MS });
  await driver.scan((key, value) => checkRow(key.length, value.length));
  await comeToRest();
  const records = new Records(driver, entries);
  const runs = new Map<string, (seconds: number) => Promise<number>>();
  return {
    async round(request) {
      const workload = request as string;
      const run = runs.get(workload) ?? prepare(records, workload, seed);
      if (!runs.has(workload)) await run(WARM_UP_SHARE * seconds);
      runs.set(workload, run);
      return measured(() => run(seconds));
    },
    end: () => driver.close(),
  };
});

/** Draws the choices and their values before the time begins; they are used again after `POOL` operations. */
function prepare(records: Records, workload: string, seed: number): (seconds: number) => Promise<number> {
  const random = seededRandom(seed);
  const choices = ycsbChoices(workload, records.count, POOL, random);
  const values = choices.map(({ number }) => valueOfNumber(number, random));
  return (seconds) =>
    callFor(YCSB_CALLERS, seconds, (call) => {
      const choice = choices[call % POOL] as YcsbChoice;
      const value = values[call % POOL] as Buffer;
      const number = workload === LATEST ? Math.max(0, records.count - 1 - choice.number) : choice.number;
      switch (choice.kind) {
        case 'read':
          return records.read(number);
        case 'update':
          return records.update(number, value);
        case 'insert':
          return records.insert(value);
        case 'scan':
          return records.scan(number, choice.rows);
        case 'read-modify-write':
          return records.read(number).then(() => records.update(number, value));
      }
    });
}
