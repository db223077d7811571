/** A process that writes all rows in random order to an empty store, anew in each round. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beSubject } from '../../workload/subject.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { rowsheet } from './dataset.ts';
import { KEEP_MS } from './opening.ts';
import { measured, type RunSetup, type Sample } from './sample.ts';
import { checkWritten, writeRows } from './write-rows.ts';

const WARM_UP_ROWS = 20_000;
/** A peer that is slow is stopped: its tree is smaller than that of the others then, which is to its advantage. */
const ROUND_SECONDS_MOST = 12;

await beSubject(async (given) => {
  const setup = given as RunSetup;
  const { peer: name, group, folder, durable, entries, seed } = setup;
  const open = await importPeer(peerNamed(name));
  const inFlight = group === 'durable-1' ? 1 : 8;
  let stores = 0;
  const write = async (rows: number): Promise<Sample> => {
    const place = join(folder, String(stores++));
    mkdirSync(place, { recursive: true });
    const driver = await open({ folder: place, durable, keepMs: KEEP_MS });
    const sheet = rowsheet(rows, driver.keys, seed + stores);
    const sample = await measured(() => writeRows(driver, sheet, inFlight, ROUND_SECONDS_MOST));
    await checkWritten(driver, sheet, Math.min(rows, WARM_UP_ROWS / 10));
    await driver.close();
    rmSync(place, { recursive: true });
    return sample;
  };
  await write(Math.min(entries, WARM_UP_ROWS));
  return { round: () => write(entries), end: async () => undefined };
});
