/** A store whose manifest lists many files, made without writing them: all have the bytes of one. */
import { encodeUtf8, idAtTime } from '@clortho/base';
import {
  encodeHead,
  encodeSegment,
  type FileEntry,
  headKey,
  initialHead,
  lowerBound,
  segmentKey,
  upperBound,
} from '@clortho/manifest';
import type { ObjectStore } from '@clortho/object-store';
import { open } from '../../src/index.ts';
import { type Backends, newBackends } from './backends.ts';

/** Files that were listed and not written begin with this id. */
const LISTED = idAtTime(1_700_000_000_000).slice(0, 4);
const KEYS_PER_FILE = 10;

/** Returns the key of a row; a file holds the keys of {@link KEYS_PER_FILE} neighbours. */
export function largeKey(number: number): string {
  return `account/${String(number).padStart(12, '0')}`;
}

/** Returns backends of a store of one shard that lists `files` files: one half is current, one half history. */
export async function largeStore(files: number): Promise<Backends> {
  const { objects, registers } = newBackends();
  const first = await open('memory:', { objects, registers, compaction: 'manual' });
  const { timestamp } = await first.put('model', 'v');
  const { id: store, shards } = await first.stats();
  const model = shards[0]?.families[0]?.entries[0] as FileEntry;
  await first.close();
  const bytes = await objects.get(`sst/${model.id}.sst`);
  const half = files / 2;
  const added = Array.from({ length: files }, (_, index): FileEntry => {
    const isHistory = index >= half;
    const key = (index % half) * KEYS_PER_FILE;
    return {
      ...model,
      id: idAtTime(1_700_000_000_000 + index),
      tier: isHistory ? 'history' : 'current',
      run: 1,
      minTimestamp: 1,
      maxTimestamp: 1,
      lower: lowerBound(encodeUtf8(largeKey(key))),
      upper: upperBound(encodeUtf8(largeKey(key + KEYS_PER_FILE - 1))),
      ...(isHistory ? { minEndTimestamp: timestamp, maxEndTimestamp: timestamp } : {}),
    };
  });
  const [register] = await registers.read([headKey(0)]);
  const version = (register?.version ?? 0) + 1;
  const id = idAtTime(1_600_000_000_000);
  const segment = { from: 0, to: version, added, removed: [], tokens: ['listed'] };
  await objects.put(segmentKey(id), encodeSegment(store, 0, segment));
  const head = { ...initialHead(store, 0, 'listed'), upper: timestamp, version, tail: [] };
  const segments = [{ id, from: 0, to: version, size: files }];
  const value = encodeHead({ ...head, segments });
  await registers.compareAndSwap([{ key: headKey(0), expect: version - 1, value }]);
  return { objects: sharedBytes(objects, bytes), registers };
}

function sharedBytes(objects: ObjectStore, bytes: Uint8Array): ObjectStore {
  return {
    name: objects.name,
    counters: objects.counters,
    put: (key, given, options) => objects.put(key, given, options),
    async get(key, options = {}) {
      if (!key.startsWith(`sst/${LISTED}`)) return objects.get(key, options);
      const { offset = 0, length = bytes.length } = options;
      return bytes.slice(offset, offset + length);
    },
    head: (key, options) => objects.head(key, options),
    delete: (keys, options) => objects.delete(keys, options),
    list: (prefix, options) => objects.list(prefix, options),
    close: () => objects.close(),
  };
}
