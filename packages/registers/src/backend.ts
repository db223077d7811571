/**
 * What every backend of registers has in common: checks, counters, copies, refusal after close.
 *
 * A backend says how registers are read, swapped and listed; {@link registerStore} turns it into a
 * {@link RegisterStore}.
 *
 * Invariants:
 * - A backend sees only calls that are within the limits, and only values that the caller cannot change any more.
 * - A backend without `supports.atomicMany` sees one register per call.
 */
import { ClorthoError, throwIfAborted } from '@clortho/base';
import { checkChanges, checkPrefix, checkReadSize, checkReads } from './limits.ts';
import type {
  Register,
  RegisterChange,
  RegisterCounters,
  RegisterStore,
  SwapResult,
} from './register-store.ts';

/** The part of a store that differs between backends. */
export interface RegisterBackend {
  /** See {@link RegisterStore.name}. */
  readonly name: string;
  /** See {@link RegisterStore.supports}. */
  readonly supports: RegisterStore['supports'];
  /** The counters of the store; a backend adds only requests beyond the one that a call stands for. */
  readonly counters: RegisterCounters;
  /** Returns the registers in the order of `keys`, all of one moment. The caller owns the values. */
  read(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly (Register | undefined)[]>;
  /** Applies all changes or none. The values stay as they are for ever. */
  swap(changes: readonly RegisterChange[], signal: AbortSignal | undefined): Promise<SwapResult>;
  /** Yields the registers below `prefix` in byte order. */
  list(prefix: string, signal: AbortSignal | undefined): AsyncIterable<Register>;
  /** Releases everything; called once. */
  close(): Promise<void>;
}

/** Returns counters that start at zero. */
export function zeroCounters(): RegisterCounters {
  return { reads: 0, registersRead: 0, swaps: 0, registersWritten: 0, bytesWritten: 0, lists: 0 };
}

/** Returns the store that a backend makes. */
export function registerStore(backend: RegisterBackend): RegisterStore {
  const { counters, name, supports } = backend;
  let closing: Promise<void> | undefined;
  const begin = (signal: AbortSignal | undefined): void => {
    if (closing !== undefined)
      throw new ClorthoError('CLORTHO_CLOSED', `registers are closed: store=${name}`);
    throwIfAborted(signal);
  };
  const refuseMany = (count: number): void => {
    if (supports.atomicMany || count <= 1) return;
    throw new ClorthoError('CLORTHO_UNSUPPORTED', `one register per call: store=${name} registers=${count}`);
  };
  return {
    name,
    supports,
    counters,
    async read(keys, options) {
      const wanted = [...keys];
      begin(options?.signal);
      checkReads(wanted);
      refuseMany(wanted.length);
      if (wanted.length === 0) return [];
      counters.reads += 1;
      const registers = await backend.read(wanted, options?.signal);
      counters.registersRead += wanted.length;
      checkReadSize(registers);
      return registers;
    },
    async compareAndSwap(changes, options) {
      const copies = changes.map(copyChange);
      begin(options?.signal);
      checkChanges(copies);
      refuseMany(copies.length);
      counters.swaps += 1;
      const result = await backend.swap(copies, options?.signal);
      if (result.applied) countWritten(counters, copies);
      return result;
    },
    async *list(prefix, options) {
      begin(options?.signal);
      checkPrefix(prefix);
      counters.lists += 1;
      for await (const register of backend.list(prefix, options?.signal)) {
        counters.registersRead += 1;
        yield register;
        begin(options?.signal);
      }
    },
    close() {
      closing ??= backend.close();
      return closing;
    },
  };
}

function copyChange({ key, expect, value }: RegisterChange): RegisterChange {
  return { key, expect, value: value === undefined ? undefined : new Uint8Array(value) };
}

function countWritten(counters: RegisterCounters, changes: readonly RegisterChange[]): void {
  for (const { value } of changes) {
    if (value === undefined) continue;
    counters.registersWritten += 1;
    counters.bytesWritten += value.length;
  }
}
