/**
 * Registers in memory, for tests, simulations and stores that need not outlive the process.
 *
 * Invariants:
 * - A swap runs to its end in one turn of the event loop: nothing can come between its check and its writes.
 * - Values are copied on their way in and out.
 */
import { compareBytes, encodeUtf8 } from '@clortho/base';
import { type RegisterBackend, registerStore, zeroCounters } from './backend.ts';
import { lostSwap } from './compare.ts';
import type { Register, RegisterStore } from './register-store.ts';

/** Options of {@link memoryRegisterStore}. */
export interface MemoryRegisterOptions {
  /**
   * Names registers that all stores opened by this name in this process share; they live as long as the process.
   * Without a name the registers are private and end with the store.
   */
  readonly name?: string | undefined;
}

/** Opens registers in memory. */
export function memoryRegisterStore(options: MemoryRegisterOptions = {}): RegisterStore {
  const { name } = options;
  return registerStore(memoryBackend(`memory:${name ?? ''}`, name === undefined ? new Map() : shared(name)));
}

type Registers = Map<string, Register>;

const sharedByName = new Map<string, Registers>();

function shared(name: string): Registers {
  const existing = sharedByName.get(name);
  if (existing !== undefined) return existing;
  const registers: Registers = new Map();
  sharedByName.set(name, registers);
  return registers;
}

function memoryBackend(name: string, registers: Registers): RegisterBackend {
  const readNow = (keys: readonly string[]): (Register | undefined)[] =>
    keys.map((key) => copy(registers.get(key)));
  return {
    name,
    supports: { atomicMany: true },
    counters: zeroCounters(),
    read: (keys) => Promise.resolve(readNow(keys)),
    swap: (changes) => {
      const lost = lostSwap(changes, readNow(changes.map(({ key }) => key)));
      if (lost !== undefined) return Promise.resolve(lost);
      for (const { key, expect, value } of changes) {
        if (value !== undefined) registers.set(key, { key, version: expect + 1, value });
      }
      return Promise.resolve({ applied: true });
    },
    async *list(prefix) {
      const keys = [...registers.keys()].filter((key) => key.startsWith(prefix));
      for (const key of inByteOrder(keys)) yield copy(registers.get(key)) as Register;
    },
    close: () => Promise.resolve(),
  };
}

function copy(register: Register | undefined): Register | undefined {
  return register === undefined ? undefined : { ...register, value: new Uint8Array(register.value) };
}

/** Sorts by UTF-8 bytes: strings compare by UTF-16 units, which differs above U+FFFF. */
function inByteOrder(keys: readonly string[]): string[] {
  return keys
    .map((key) => ({ key, bytes: encodeUtf8(key) }))
    .sort((left, right) => compareBytes(left.bytes, right.bytes))
    .map(({ key }) => key);
}
