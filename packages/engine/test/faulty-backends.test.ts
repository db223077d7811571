/** The faulty backends of the test kit around real ones: sound while nothing fails, and an engine that survives them. */
import { seededRandom } from '@clortho/base';
import { memoryObjectStore, type ObjectStore } from '@clortho/object-store';
import { objectStoreConformance } from '@clortho/object-store/conformance';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import { registerStoreConformance } from '@clortho/registers/conformance';
import {
  type FaultPlan,
  faultyObjectStore,
  faultyRegisterStore,
  simulatedProcess,
  virtualClock,
} from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { open } from '../src/index.ts';
import { rowsOf } from './support/answers.ts';
import { newBackends } from './support/backends.ts';

const soundPlan = (): FaultPlan => ({ clock: virtualClock(), random: seededRandom(1), hopsMax: 5 });

registerStoreConformance(
  { describe, it },
  {
    name: 'behind a wire without faults',
    open: async () => {
      const inner = memoryRegisterStore();
      const plan = soundPlan();
      const store: RegisterStore = faultyRegisterStore(inner, plan);
      return {
        store,
        openAnother: async () => faultyRegisterStore(inner, plan),
        close: () => inner.close(),
      };
    },
  },
);

objectStoreConformance(
  { describe, it },
  {
    name: 'behind a wire without faults',
    blobBytesMax: 100_000,
    listedMax: 100,
    open: async () => {
      const inner = memoryObjectStore();
      const store: ObjectStore = faultyObjectStore(inner, soundPlan());
      return { store, close: () => inner.close() };
    },
  },
);

describe('an engine on faulty backends', () => {
  it('acknowledges what its successor finds, wherever it crashes', async () => {
    let total = 0;
    for (let crashAt = 1; crashAt <= 12; crashAt += 1) {
      const { objects, registers } = newBackends();
      const clock = virtualClock();
      const process = simulatedProcess({ name: 'first', clock });
      const plan: FaultPlan = {
        clock,
        random: seededRandom(crashAt),
        process,
        script: [{ call: 'swap', number: crashAt, fault: { kind: 'crash', lands: crashAt % 2 === 0 } }],
      };
      const acknowledged: string[] = [];
      const work = async (): Promise<void> => {
        const store = await open('memory:', {
          objects: faultyObjectStore(objects, plan),
          registers: faultyRegisterStore(registers, plan),
          clock: process.clock,
          random: seededRandom(1),
          compaction: 'manual',
        });
        for (let index = 0; index < 20; index += 1) {
          await store.put(`k${index}`, `${index}`);
          acknowledged.push(`k${index}=${index}`);
        }
      };
      const failed = await Promise.race([work().catch((error: unknown) => error), clock.advance(1000)]);
      expect([process.crashed, failed]).toEqual([true, undefined]);

      const successor = await open('memory:', { objects, registers, compaction: 'manual' });
      expect(await rowsOf(successor.scan())).toEqual(expect.arrayContaining(acknowledged));
      await successor.close();
      total += acknowledged.length;
    }
    expect(total).toBeGreaterThan(20);
  });
});
