/** A process that loads a store, overwrites every row three times and counts what that gave the disk and left on it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beSubject } from '../../workload/subject.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { comeToRest } from './come-to-rest.ts';
import { rowsheet, USER_BYTES } from './dataset.ts';
import { KEEP_NOTHING_MS, LOAD_IN_FLIGHT } from './opening.ts';
import { measured, type RunSetup, type Sample } from './sample.ts';
import { checkWritten, writeRows } from './write-rows.ts';

const PASSES = 4;
const SECTOR_BYTES = 512;

await beSubject(async (given) => {
  const setup = given as RunSetup;
  let space: Sample | undefined;
  return {
    async round(workload) {
      if (workload === 'space') return space;
      const userBytes = setup.entries * USER_BYTES;
      const sample = await measured(() => loadAndOverwrite(setup));
      space = { ...sample, value: bytesOnDisk(setup.folder) / userBytes };
      if (sample.bytesWritten === undefined) return undefined;
      return { ...sample, value: sample.bytesWritten / (PASSES * userBytes) };
    },
    end: async () => undefined,
  };
});

async function loadAndOverwrite({ peer, folder, durable, entries, seed }: RunSetup): Promise<number> {
  const open = await importPeer(peerNamed(peer));
  const driver = await open({ folder, durable, keepMs: KEEP_NOTHING_MS });
  const sheet = rowsheet(entries, driver.keys, seed);
  for (let pass = 0; pass < PASSES; pass += 1) {
    if (pass > 0) sheet.redraw();
    await writeRows(driver, sheet, LOAD_IN_FLIGHT);
  }
  await comeToRest();
  await driver.reclaim?.();
  await checkWritten(driver, sheet, entries);
  await driver.close();
  return PASSES * entries;
}

/** Returns what the files take, holes left out. */
function bytesOnDisk(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * SECTOR_BYTES, 0);
}
