import { describe, expect, it } from 'vitest';
import { registerStoreConformance } from '../src/conformance.ts';
import { memoryRegisterStore } from '../src/memory.ts';

let names = 0;

registerStoreConformance(
  { describe, it },
  {
    name: 'memory',
    open: () => {
      names += 1;
      const name = `conformance-${names}`;
      return Promise.resolve({
        store: memoryRegisterStore({ name }),
        openAnother: () => Promise.resolve(memoryRegisterStore({ name })),
        close: () => Promise.resolve(),
      });
    },
  },
);

describe('memory registers', () => {
  it('are private without a name, and shared and kept with one', async () => {
    const value = new Uint8Array([1]);
    await memoryRegisterStore().compareAndSwap([{ key: 'a', expect: 0, value }]);
    expect(await memoryRegisterStore().read(['a'])).toEqual([undefined]);
    const first = memoryRegisterStore({ name: 'kept' });
    await first.compareAndSwap([{ key: 'a', expect: 0, value }]);
    await first.close();
    expect(await memoryRegisterStore({ name: 'kept' }).read(['a'])).toEqual([
      { key: 'a', version: 1, value },
    ]);
  });
});
