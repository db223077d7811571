/**
 * A part of a register store that looks like a whole one.
 *
 * Invariants:
 * - No call through the view touches a register outside the prefix.
 * - The view owns nothing: closing it leaves the store open.
 */
import { ClorthoError } from '@clortho/base';
import type { Register, RegisterChange, RegisterStore } from './register-store.ts';

/**
 * Returns a view of the registers of `store` whose keys begin with `prefix`; the view's keys lack it.
 *
 * The prefix counts towards the length of a key. `counters` are those of the store. Closing the view only ends
 * the view; whoever opened the store closes it.
 */
export function withPrefix(store: RegisterStore, prefix: string): RegisterStore {
  let closed = false;
  const begin = (): void => {
    if (closed)
      throw new ClorthoError('CLORTHO_CLOSED', `registers are closed: store=${store.name} prefix=${prefix}`);
  };
  const inner = (key: string): string => {
    if (key === '') throw new ClorthoError('CLORTHO_INVALID', 'a register key is not empty');
    return prefix + key;
  };
  const outer = (register: Register): Register => ({ ...register, key: register.key.slice(prefix.length) });
  const outerOrAbsent = (register: Register | undefined): Register | undefined =>
    register === undefined ? undefined : outer(register);
  const innerChange = (change: RegisterChange): RegisterChange => ({ ...change, key: inner(change.key) });
  return {
    name: `${store.name} prefix=${prefix}`,
    supports: store.supports,
    counters: store.counters,
    async read(keys, options) {
      begin();
      return (await store.read(keys.map(inner), options)).map(outerOrAbsent);
    },
    async compareAndSwap(changes, options) {
      begin();
      const result = await store.compareAndSwap(changes.map(innerChange), options);
      return result.applied ? result : { applied: false, current: result.current.map(outerOrAbsent) };
    },
    async *list(below, options) {
      begin();
      for await (const register of store.list(prefix + below, options)) {
        yield outer(register);
        begin();
      }
    },
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}
