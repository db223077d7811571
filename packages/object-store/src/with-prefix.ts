/**
 * A view of a store through a key prefix: several users of one store that cannot see each other.
 *
 * Invariants:
 * - A key of the view is a key of the store below `prefix/`; everything else is out of reach.
 */
import { ClorthoError } from '@clortho/base';
import { checkKey, checkPrefix } from './key.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Returns the view of `store` below `prefix`, a key such as `tenants/7` (a `/` at its end is optional).
 *
 * The view shares the counters of the store. Closing it closes only the view.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if `prefix` is not a key.
 */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  const base = prefix.endsWith('/') ? prefix : `${prefix}/`;
  checkKey(base.slice(0, -1));
  const name = `${store.name}${store.name.endsWith('/') ? '' : '/'}${base.slice(0, -1)}`;
  let closed = false;
  const enter = (): void => {
    if (closed) throw new ClorthoError('CLORTHO_CLOSED', `object store is closed: store=${name}`);
  };
  const full = (key: string): string => {
    enter();
    checkKey(key);
    return base + key;
  };
  return {
    name,
    counters: store.counters,
    releasesBytes: store.releasesBytes,
    put: async (key, bytes, options) => store.put(full(key), bytes, options),
    get: async (key, options) => store.get(full(key), options),
    head: async (key, options) => {
      const entry = await store.head(full(key), options);
      return entry && { key, bytes: entry.bytes };
    },
    delete: async (keys, options) => {
      enter();
      await store.delete(keys.map(full), options);
    },
    async *list(prefix, options) {
      enter();
      checkPrefix(prefix);
      const after = options?.after;
      const below = { ...options, after: after === undefined ? undefined : base + after };
      for await (const entry of store.list(base + prefix, below)) {
        yield { key: entry.key.slice(base.length), bytes: entry.bytes };
        enter();
      }
    },
    close: async () => {
      closed = true;
    },
  };
}
