/** A process that opens a loaded store and reads one row: modules are imported before the time begins. */
import { beSubject } from '../../workload/subject.ts';
import type { Driver } from '../driver.ts';
import { importPeer, peerNamed } from '../peers.ts';
import { checkValue, keyOfNumber } from './dataset.ts';
import { KEEP_MS } from './opening.ts';
import { measured, type RunSetup } from './sample.ts';

await beSubject(async (given) => {
  const { peer: name, folder, durable, entries } = given as RunSetup;
  const open = await importPeer(peerNamed(name));
  let driver: Driver | undefined;
  return {
    async round() {
      let ms = 0;
      const sample = await measured(async () => {
        const began = performance.now();
        driver = await open({ folder, durable, keepMs: KEEP_MS });
        const number = Math.floor(entries / 2);
        const value = await driver.get(keyOfNumber(number, driver.keys));
        ms = performance.now() - began;
        checkValue(value, number);
        return 1;
      });
      return { ...sample, value: ms };
    },
    end: async () => driver?.close(),
  };
});
