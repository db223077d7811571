/** Backends in memory, what they hold, and wrappers that let a test come between a store and them. */
import { memoryObjectStore, type ObjectStore } from '@clortho/object-store';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';

/** The two substrates of a store. Handles opened on the same pair are like processes on the same cloud. */
export interface Backends {
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
}

/** Returns empty backends. */
export function newBackends(): Backends {
  return { objects: memoryObjectStore(), registers: memoryRegisterStore() };
}

/** Returns everything that the backends hold, comparable with `toEqual`. */
export async function contentsOf({ objects, registers }: Backends): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const { key } of objects.list('')) contents[`object ${key}`] = hex(await objects.get(key));
  for await (const { key, version, value } of registers.list(''))
    contents[`register ${key}@${version}`] = hex(value);
  return contents;
}

/** Returns the keys of all objects below a prefix. */
export async function objectKeys(objects: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}

/** Called before a call reaches the backend; may wait, or throw in its place. */
export type ObjectHook = (
  call: 'put' | 'get' | 'delete' | 'list',
  key: string,
  signal?: AbortSignal,
) => unknown;

/** Returns the object store with `hook` in front of it. */
export function hookedObjects(inner: ObjectStore, hook: ObjectHook): ObjectStore {
  return {
    name: inner.name,
    counters: inner.counters,
    async put(key, bytes, options) {
      await hook('put', key, options?.signal);
      return inner.put(key, bytes, options);
    },
    async get(key, options) {
      await hook('get', key, options?.signal);
      return inner.get(key, options);
    },
    head: (key, options) => inner.head(key, options),
    async delete(keys, options) {
      for (const key of keys) await hook('delete', key, options?.signal);
      return inner.delete(keys, options);
    },
    async *list(prefix, options) {
      await hook('list', prefix, options?.signal);
      yield* inner.list(prefix, options);
    },
    close: () => inner.close(),
  };
}

/** Called around a call of the registers; may wait, or throw in its place (or, after it, in place of its result). */
export type RegisterHook = (
  call: 'read' | 'swap' | 'list',
  keys: readonly string[],
  when: 'before' | 'after',
) => unknown;

/** Returns the register store with `hook` around it. */
export function hookedRegisters(inner: RegisterStore, hook: RegisterHook): RegisterStore {
  return {
    name: inner.name,
    supports: inner.supports,
    counters: inner.counters,
    async read(keys, options) {
      await hook('read', keys, 'before');
      const found = await inner.read(keys, options);
      await hook('read', keys, 'after');
      return found;
    },
    async compareAndSwap(changes, options) {
      const keys = changes.map(({ key }) => key);
      await hook('swap', keys, 'before');
      const result = await inner.compareAndSwap(changes, options);
      await hook('swap', keys, 'after');
      return result;
    },
    async *list(prefix, options) {
      await hook('list', [prefix], 'before');
      yield* inner.list(prefix, options);
    },
    close: () => inner.close(),
  };
}

/** A gate that calls wait at until it is opened. */
export interface Gate {
  /** Resolves once someone waits. */
  readonly reached: Promise<void>;
  wait(): Promise<void>;
  open(): void;
}

/** Returns a closed gate. */
export function newGate(): Gate {
  let arrive = (): void => undefined;
  let open = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    reached,
    wait: () => {
      arrive();
      return opened;
    },
    open: () => open(),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
