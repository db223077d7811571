/** The conformance suite over every backend, and over a view of one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@clortho/base';
import { describe, it } from 'vitest';
import { objectStoreConformance } from '../src/conformance.ts';
import { fileObjectStore, memoryObjectStore, withPrefix } from '../src/index.ts';

const runner = { describe, it };

objectStoreConformance(runner, {
  name: 'memory',
  open: async () => {
    const store = memoryObjectStore();
    return { store, close: () => store.close() };
  },
});

objectStoreConformance(runner, {
  name: 'memory with latency',
  listedMax: 100,
  blobBytesMax: 100_000,
  open: async () => {
    const random = seededRandom(7);
    const sleep = async (): Promise<void> => {
      for (let turns = random.uint32() % 4; turns > 0; turns -= 1) await Promise.resolve();
    };
    const store = memoryObjectStore({ sleep });
    return { store, close: () => store.close() };
  },
});

objectStoreConformance(runner, {
  name: 'file',
  listedMax: 300,
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clortho-objects-'));
    const store = fileObjectStore(join(directory, 'made/later'), { create: true });
    return {
      store,
      close: async () => {
        await store.close();
        await rm(directory, { recursive: true });
      },
    };
  },
});

objectStoreConformance(runner, {
  name: 'prefix view',
  blobBytesMax: 100_000,
  open: async () => {
    const whole = memoryObjectStore();
    await whole.put('tenants/70', new Uint8Array(1));
    await whole.put('other', new Uint8Array(1));
    const store = withPrefix(whole, 'tenants/7');
    return { store, close: () => whole.close() };
  },
});
