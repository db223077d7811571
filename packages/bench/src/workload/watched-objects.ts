/** An object store that notes what is done to it: which objects are read, and what deletes take. */
import { systemClock } from '@clortho/base';
import type { ObjectStore } from '@clortho/object-store';

/** What was done since {@link WatchedObjects.forget}. */
export interface Watched {
  /** By object: the bytes that were read of it. */
  readonly read: ReadonlyMap<string, number>;
  readonly bytesPut: number;
  readonly objectsDeleted: number;
  readonly deleteMs: number;
}

/** A store and what was done to it. */
export interface WatchedObjects {
  readonly objects: ObjectStore;
  /** Returns what was done to files of rows, `sst/…`, and nothing else. */
  watched(): Watched;
  /** Begins anew. */
  forget(): void;
}

/** Returns a view of `store` that watches. */
export function watchedObjects(store: ObjectStore): WatchedObjects {
  let read = new Map<string, number>();
  let bytesPut = 0;
  let objectsDeleted = 0;
  let deleteMs = 0;
  const isFile = (key: string): boolean => key.startsWith('sst/');
  const objects: ObjectStore = {
    name: store.name,
    counters: store.counters,
    async put(key, bytes, options) {
      await store.put(key, bytes, options);
      if (isFile(key)) bytesPut += bytes.length;
    },
    async get(key, options) {
      const bytes = await store.get(key, options);
      if (isFile(key)) read.set(key, (read.get(key) ?? 0) + bytes.length);
      return bytes;
    },
    head: (key, options) => store.head(key, options),
    async delete(keys, options) {
      const began = systemClock.monotonic();
      await store.delete(keys, options);
      deleteMs += systemClock.monotonic() - began;
      objectsDeleted += keys.filter(isFile).length;
    },
    list: (prefix, options) => store.list(prefix, options),
    close: () => store.close(),
  };
  return {
    objects,
    watched: () => ({ read, bytesPut, objectsDeleted, deleteMs }),
    forget() {
      read = new Map();
      bytesPut = 0;
      objectsDeleted = 0;
      deleteMs = 0;
    },
  };
}
