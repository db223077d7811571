/** Backends of a few lines: enough to see what faults do to calls. */
import { ClorthoError } from '@clortho/base';
import type { ObjectsUnderTest, RegistersUnderTest, RegisterUnderTest } from '../../src/index.ts';

/** Returns registers in memory. */
export function tinyRegisters(): RegistersUnderTest<{ swaps: number }> {
  const registers = new Map<string, RegisterUnderTest>();
  const counters = { swaps: 0 };
  return {
    name: 'tiny:',
    supports: { atomicMany: true },
    counters,
    read: async (keys) => keys.map((key) => registers.get(key)),
    async compareAndSwap(changes) {
      counters.swaps += 1;
      const current = changes.map(({ key }) => registers.get(key));
      if (changes.some(({ expect }, index) => expect !== (current[index]?.version ?? 0))) {
        return { applied: false, current };
      }
      for (const { key, expect, value } of changes) {
        if (value !== undefined) registers.set(key, { key, version: expect + 1, value });
      }
      return { applied: true };
    },
    async *list(prefix) {
      for (const register of registers.values()) if (register.key.startsWith(prefix)) yield register;
    },
    close: async () => undefined,
  };
}

/** Returns blobs in memory; listings are in the order of the keys' code units. */
export function tinyObjects(): ObjectsUnderTest<{ puts: number }> {
  const blobs = new Map<string, Uint8Array>();
  const counters = { puts: 0 };
  return {
    name: 'tiny:',
    counters,
    async put(key, bytes, options) {
      counters.puts += 1;
      if (options?.ifAbsent && blobs.has(key)) throw new ClorthoError('CLORTHO_CONFLICT', 'the blob exists');
      blobs.set(key, bytes.slice());
    },
    async get(key, { offset = 0, length = Number.POSITIVE_INFINITY } = {}) {
      const blob = blobs.get(key);
      if (blob === undefined) throw new ClorthoError('CLORTHO_NOT_FOUND', 'no such blob');
      return blob.slice(offset, offset + length);
    },
    async head(key) {
      const blob = blobs.get(key);
      return blob && { key, bytes: blob.length };
    },
    async delete(keys) {
      for (const key of keys) blobs.delete(key);
    },
    async *list(prefix, { after = '' } = {}) {
      for (const key of [...blobs.keys()].sort()) {
        if (key.startsWith(prefix) && key > after) yield { key, bytes: blobs.get(key)!.length };
      }
    },
    close: async () => undefined,
  };
}
