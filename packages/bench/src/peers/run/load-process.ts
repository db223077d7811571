/** A process that loads all rows into an empty store and leaves it at rest, for the groups that read. */
import { beSubject } from '../../workload/subject.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { comeToRest } from './come-to-rest.ts';
import { rowsheet } from './dataset.ts';
import { KEEP_MS, LOAD_IN_FLIGHT } from './opening.ts';
import type { RunSetup } from './sample.ts';
import { checkWritten, writeRows } from './write-rows.ts';

await beSubject(async (given) => {
  const { peer, folder, entries, seed } = given as RunSetup;
  return {
    async round() {
      const open = await importPeer(peerNamed(peer));
      const driver = await open({ folder, durable: false, keepMs: KEEP_MS });
      const sheet = rowsheet(entries, driver.keys, seed);
      await writeRows(driver, sheet, LOAD_IN_FLIGHT);
      await comeToRest();
      await checkWritten(driver, sheet, entries);
      await driver.close();
    },
    end: async () => undefined,
  };
});
