/** The cache on disk of a store: what it saves, and that it changes no answer whatever becomes of it. */
import { open as openFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskCache } from '@clortho/block-cache';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store, type StoreEvent } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { type Backends, hookedObjects, newBackends } from './support/backends.ts';
import { type FileHook, hookedFiles, systemError } from './support/cache-files.ts';
import { noise } from './support/noise.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const MIB = 1024 * 1024;
const CACHE_FILE = 'pages.clortho-cache';
const ROWS = 3000;
const quiet: OpenOptions = { compaction: 'manual', refreshMs: 1e9, tuning: { threads: 0 } };

/** A store of some MiB that was written without a cache, and handles on it that count their GETs of files. */
interface Scene extends Backends {
  readonly directory: string;
  readonly gets: string[];
  readonly events: StoreEvent[];
  open(options?: OpenOptions): Promise<Store>;
}

const keyOf = (row: number): string => `key/${String(row).padStart(6, '0')}`;

const valueOf = (row: number): Uint8Array => noise(row, 1000);

async function fill(store: Store, rows: number = ROWS): Promise<void> {
  const put = (row: number) => ({ type: 'put' as const, key: keyOf(row), value: valueOf(row) });
  for (let first = 0; first < rows; first += 500)
    await store.write(Array.from({ length: Math.min(500, rows - first) }, (_, index) => put(first + index)));
}

async function newScene(how: 'committed' | 'compacted' | 'empty'): Promise<Scene> {
  const backends = newBackends();
  const directory = await temporaryDirectory();
  const gets: string[] = [];
  const events: StoreEvent[] = [];
  const objects = hookedObjects(backends.objects, (call, key) => {
    if (call === 'get' && key.startsWith('sst/')) gets.push(key);
  });
  const first = await open('memory:', { ...quiet, ...backends });
  if (how !== 'empty') await fill(first);
  if (how === 'compacted') await first.compact();
  await first.close();
  return {
    ...backends,
    directory,
    gets,
    events,
    open: (options = {}) =>
      open('memory:', {
        ...quiet,
        ...backends,
        objects,
        diskCache: { directory, bytesMax: 32 * MIB },
        onEvent: (event) => events.push(event),
        ...options,
      }),
  };
}

async function expectAllRows(store: Store, rows: number = ROWS): Promise<void> {
  let row = 0;
  for await (const { key, value } of store.scan()) {
    if (text(key) !== keyOf(row) || Buffer.compare(value, valueOf(row)) !== 0) break;
    row += 1;
  }
  expect(row).toBe(rows);
}

/** Returns the keys of the objects that the store lists. */
async function listedKeys(store: Store): Promise<string[]> {
  const { shards } = await store.stats();
  const entries = shards.flatMap(({ families }) => families.flatMap((family) => family.entries));
  return entries.map(({ id }) => `sst/${id}.sst`);
}

async function expectRow(store: Store, row: number): Promise<void> {
  expect(Buffer.compare((await store.get(keyOf(row))) as Uint8Array, valueOf(row))).toBe(0);
}

describe('a cache on disk', () => {
  it('answers what was read before, after a restart without a request', async () => {
    const scene = await newScene('compacted');
    const first = await scene.open();
    await expectRow(first, 17);
    await expectAllRows(first);
    expect(scene.gets.length).toBeGreaterThan(0);
    await first.close();
    scene.gets.length = 0;
    const second = await scene.open();
    await expectAllRows(second);
    await expectRow(second, 17);
    expect(scene.gets).toEqual([]);
    const { diskCache } = await second.stats();
    expect(diskCache).toMatchObject({ state: 'on', fetches: 0, misses: 0, bytesMax: 32 * MIB });
    await second.close();
    expect(scene.events).toEqual([]);
  });

  it('has what was committed and merged here, and nothing of what was dropped', async () => {
    const scene = await newScene('empty');
    const writer = await scene.open({ cacheBytes: 0, tableBytes: 0 });
    await fill(writer);
    const { id, shards } = await writer.stats();
    const committed = shards[0]?.families[0]?.entries ?? [];
    expect(committed.length).toBeGreaterThan(1);
    await writer.compact();
    await expectAllRows(writer);
    expect(scene.gets).toEqual([]);
    await writer.close();
    const disk = await openDiskCache({ directory: scene.directory, bytesMax: 32 * MIB });
    for (const entry of committed) {
      const object = { name: `${id}/sst/${entry.id}.sst`, bytes: entry.bytes };
      expect(await disk.get(object, 0, 100)).toBeUndefined();
    }
    await disk.close();
    const reader = await scene.open();
    await expectAllRows(reader);
    expect(scene.gets).toEqual([]);
    await reader.close();
  });

  it('is read by merges, and takes in nothing that they alone read', async () => {
    const scene = await newScene('committed');
    const cold = await scene.open();
    await cold.compact();
    expect((await cold.stats()).diskCache).toMatchObject({ written: 0, fetches: 0 });
    expect(scene.gets.length).toBeGreaterThan(0);
    await cold.close();
  });

  it('serves handles of several stores that share its directory', async () => {
    const scene = await newScene('compacted');
    const other = await newScene('empty');
    const stores = [
      await scene.open(),
      await scene.open(),
      await other.open({ diskCache: { directory: scene.directory, bytesMax: 32 * MIB } }),
    ] as const;
    await stores[2].put(keyOf(3), 'of another store');
    await Promise.all([expectAllRows(stores[0]), expectAllRows(stores[1])]);
    expect(text(await stores[2].get(keyOf(3)))).toBe('of another store');
    for (const store of stores) await store.close();
    scene.gets.length = 0;
    const again = await scene.open();
    await expectAllRows(again);
    expect(scene.gets).toEqual([]);
    await again.close();
    expect([...scene.events, ...other.events]).toEqual([]);
  });

  it('is given up, once, by a handle whose file another one replaced with other settings', async () => {
    const scene = await newScene('committed');
    const first = await scene.open();
    const second = await scene.open({ diskCache: { directory: scene.directory, bytesMax: 16 * MIB } });
    await first.put('later', 'v');
    await Promise.all([expectRow(first, 7), expectRow(second, 7)]);
    await first.put('later', 'w');
    await expectRow(first, 1007);
    expect(text(await first.get('later'))).toBe('w');
    await first.close();
    await second.close();
    const kinds = scene.events.map((event) => (event.type === 'diskCache' ? event.kind : event.type));
    expect(kinds.toSorted()).toEqual(['reads-stopped', 'set-aside', 'writes-stopped']);
  });

  it('is none with a budget of zero, and leaves no file', async () => {
    const scene = await newScene('compacted');
    const diskCache = { directory: scene.directory, bytesMax: 0 };
    const store = await scene.open({ diskCache });
    await expectAllRows(store);
    expect((await store.warm()).bytes).toBe(0);
    expect((await store.stats()).diskCache).toMatchObject({ state: 'off', fileBytes: 0, failures: 0 });
    await store.close();
    expect(await readdir(scene.directory)).toEqual([]);
    expect(scene.events).toEqual([]);
  });

  it('with a budget that is none is refused, and no store is made', async () => {
    const directory = await temporaryDirectory();
    const backends = newBackends();
    const options = { ...quiet, ...backends, diskCache: { directory, bytesMax: -1 } };
    expect(await codeOf(() => open('memory:', options))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => open('memory:', { ...backends, create: 'never' }))).toBe('CLORTHO_NOT_FOUND');
  });

  it('is no part of what is verified', async () => {
    const scene = await newScene('compacted');
    const store = await scene.open();
    await expectAllRows(store);
    const [key = ''] = await listedKeys(store);
    const bytes = await scene.objects.get(key);
    await scene.objects.put(
      key,
      bytes.map((byte, at) => (at === 5000 ? byte ^ 1 : byte)),
    );
    expect((await store.verify()).findings).toMatchObject([{ at: key, problem: 'damaged' }]);
    await store.close();
  });
});

describe('a disk that fails', () => {
  const refuse = (code: string, calls: readonly string[], flags: readonly string[] = []): FileHook => {
    return (call, how) => {
      if (calls.includes(call) || (call === 'open' && how !== undefined && flags.includes(how)))
        throw systemError(code);
    };
  };

  it.each([
    ['cannot be opened', refuse('EACCES', ['open', 'link']), ['reads-stopped', 'writes-stopped']],
    ['can only be read', refuse('EROFS', ['write', 'link'], ['r+', 'wx']), ['writes-stopped']],
    ['is full', refuse('ENOSPC', ['write']), ['writes-stopped']],
    ['is broken', refuse('EIO', ['read', 'write']), ['reads-stopped', 'writes-stopped']],
  ])('changes no answer and is told of once: one that %s', async (_, hook, expected) => {
    const scene = await newScene('committed');
    const healthy = await scene.open();
    await expectRow(healthy, 17);
    await healthy.close();
    const files = hookedFiles(hook);
    const store = await scene.open({ diskCache: { directory: scene.directory, bytesMax: 32 * MIB, files } });
    await expectAllRows(store);
    await store.put('later', 'v');
    await store.compact();
    await store.warm();
    for (let row = 0; row < ROWS; row += 100) await expectRow(store, row);
    expect(text(await store.get('later'))).toBe('v');
    expect((await store.stats()).diskCache?.state).not.toBe('on');
    await store.close();
    const kinds = scene.events.map((event) => (event.type === 'diskCache' ? event.kind : event.type));
    expect(kinds.toSorted()).toEqual(expected);
  });

  it('changes no answer: a directory that is a file', async () => {
    const scene = await newScene('committed');
    const directory = join(scene.directory, 'file');
    await writeFile(directory, 'not a directory');
    const store = await scene.open({ diskCache: { directory } });
    await expectAllRows(store);
    expect((await store.stats()).diskCache?.state).toBe('off');
    await store.close();
    expect(scene.events).toMatchObject([
      { type: 'diskCache', kind: 'reads-stopped' },
      { type: 'diskCache', kind: 'writes-stopped' },
    ]);
  });

  it('changes no answer: a file that is not of a cache', async () => {
    const scene = await newScene('compacted');
    await writeFile(join(scene.directory, CACHE_FILE), 'hello');
    const store = await scene.open();
    await expectAllRows(store);
    await store.close();
    expect(scene.events).toEqual([{ type: 'diskCache', kind: 'set-aside' }]);
  });

  it('changes no answer: pages whose bits have changed', async () => {
    const scene = await newScene('compacted');
    const first = await scene.open();
    await expectAllRows(first);
    await first.close();
    await flipBits(join(scene.directory, CACHE_FILE));
    scene.gets.length = 0;
    const store = await scene.open();
    await expectAllRows(store);
    expect(scene.gets.length).toBeGreaterThan(0);
    expect((await store.stats()).diskCache?.damaged).toBeGreaterThan(1);
    await store.close();
    expect(scene.events).toEqual([{ type: 'diskCache', kind: 'damaged' }]);
  });

  /** Flips one bit in 1,000 bytes, but for what says that the file is a cache and where pages are. */
  async function flipBits(path: string): Promise<void> {
    const file = await openFile(path, 'r+');
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    for (let at = 64 * 1024; at < size; at += 1000)
      if (bytes[at] !== 0) bytes[at] = (bytes[at] as number) ^ 4;
    await file.write(bytes, 0, size, 0);
    await file.close();
  }
});

describe('an object behind a cache on disk', () => {
  it('that is gone fails reads that need it, and is told of once', async () => {
    const scene = await newScene('compacted');
    const store = await scene.open({ cacheBytes: 0 });
    await expectRow(store, 0);
    await scene.objects.delete(await listedKeys(store));
    await expectRow(store, 0);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await codeOf(() => store.get(keyOf(ROWS - 300)))).toBe('CLORTHO_CORRUPT');
      expect(await codeOf(() => rowsOf(store.scan()))).toBe('CLORTHO_CORRUPT');
    }
    await store.close();
    expect(scene.events).toMatchObject([{ type: 'objectLost', object: expect.stringMatching(/^sst\//) }]);
  });

  it('that was merged away sends a read to the files in its place', async () => {
    const scene = await newScene('committed');
    const reader = await scene.open({ cacheBytes: 0 });
    await expectRow(reader, 0);
    const other = await scene.open({ diskCache: undefined });
    await other.compact();
    for (let pass = 0; pass < 3; pass += 1) await other.gc();
    await expectAllRows(reader);
    await reader.close();
    await other.close();
    expect(scene.events).toEqual([]);
  });

  it.each(['read', 'merged'])('that was damaged when it was fetched is fetched again: %s', async (how) => {
    const scene = await newScene('compacted');
    const store = await scene.open({ cacheBytes: 0 });
    await store.put(keyOf(0), valueOf(0));
    const [key = ''] = (await listedKeys(store)).slice(-1);
    const whole = await scene.objects.get(key);
    await scene.objects.put(
      key,
      whole.map((byte, at) => byte ^ (at % 1000 === 0 ? 1 : 0)),
    );
    expect(await codeOf(() => store.get(keyOf(5)))).toBe('CLORTHO_CORRUPT');
    expect(await codeOf(() => store.warm())).toBe('CLORTHO_CORRUPT');
    if (how === 'merged') expect(await codeOf(() => store.compact())).toBe('CLORTHO_CORRUPT');
    await scene.objects.put(key, whole);
    if (how === 'merged') await store.compact();
    await expectAllRows(store);
    await store.close();
    expect(scene.events).toEqual([]);
  });

  it('that comes back short serves what it has, is not kept, and is told of once', async () => {
    const scene = await newScene('compacted');
    const store = await scene.open({ cacheBytes: 0, tableBytes: 64 * MIB });
    await expectRow(store, 0);
    const [key = ''] = await listedKeys(store);
    const whole = await scene.objects.get(key);
    const half = Math.floor(whole.length / 2);
    await scene.objects.put(key, whole.slice(0, half));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await codeOf(() => store.get(keyOf(ROWS - 300)))).toBe('CLORTHO_CORRUPT');
      expect(await codeOf(() => store.warm())).toBe('CLORTHO_CORRUPT');
    }
    // A page around the cut is no whole page, the blocks in it before the cut are whole.
    await expectRow(store, Math.floor((half - 100_000) / 1040));
    await scene.objects.put(key, whole);
    await expectAllRows(store);
    await store.close();
    expect(scene.events).toMatchObject([{ type: 'objectLost', object: key }]);
  });
});
