/** `warm`: what it brings near, that reads then ask for nothing, and that it pushes nothing out. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf } from './support/answers.ts';
import { type Backends, hookedObjects, newBackends } from './support/backends.ts';
import { noise } from './support/noise.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const MIB = 1024 * 1024;
const ROWS = 8_000;
const quiet: OpenOptions = {
  compaction: 'manual',
  refreshMs: 1e9,
  tuning: { threads: 0, fileBytes: 512 * 1024 },
};

const keyOf = (row: number): string => `key/${String(row).padStart(6, '0')}`;

/** Returns a store of many files, and how many GETs of files handles on it have made. */
async function newScene(shards = 2): Promise<Backends & { gets: number }> {
  const backends = newBackends();
  const splits = shards === 2 ? [keyOf(ROWS / 2)] : 1;
  const store = await open('memory:', { ...quiet, ...backends, shards: splits });
  await store.write(Array.from({ length: ROWS }, (_, row) => put(row)));
  await store.compact();
  await store.write(Array.from({ length: ROWS / 10 }, (_, row) => put(row * 10)));
  await store.close();
  const scene = {
    registers: backends.registers,
    objects: hookedObjects(backends.objects, (call, key) => {
      if (call === 'get' && key.startsWith('sst/')) scene.gets += 1;
    }),
    gets: 0,
  };
  return scene;
}

function put(row: number): { readonly type: 'put'; readonly key: string; readonly value: Uint8Array } {
  return { type: 'put', key: keyOf(row), value: noise(row, 500) };
}

/** Returns how many GETs of files `work` takes. */
async function getsOf(scene: { readonly gets: number }, work: () => Promise<unknown>): Promise<number> {
  const before = scene.gets;
  await work();
  return scene.gets - before;
}

async function filesIn(store: Store): Promise<number> {
  const { totals } = await store.stats();
  return totals.delta.files + totals.current.files;
}

describe('warming a store', () => {
  it('without a disk brings indexes and blocks into memory, so that reads ask for nothing', async () => {
    const scene = await newScene();
    const store = await open('memory:', { ...quiet, ...scene });
    const files = await filesIn(store);
    expect(files).toBeGreaterThan(6);
    const { totals } = await store.stats();
    const progress: number[] = [];
    const result = await store.warm({
      onProgress: ({ files: done, filesTotal }) => {
        expect(filesTotal).toBe(files);
        progress.push(done);
      },
    });
    expect(result.files).toBe(files);
    expect(result.bytes).toBeGreaterThan(0.8 * (totals.delta.bytes + totals.current.bytes));
    expect(progress).toEqual(Array.from({ length: files }, (_, index) => index + 1));
    expect(await getsOf(scene, () => rowsOf(store.scan()))).toBe(0);
    expect(await getsOf(scene, () => rowsOf(store.scan({ reverse: true })))).toBe(0);
    expect(await getsOf(scene, () => store.warm())).toBe(0);
    expect(await store.warm()).toEqual({ files, bytes: 0 });
    await store.close();
  });

  it('with a disk brings files there, for this handle and the next', async () => {
    const scene = await newScene();
    const diskCache = { directory: await temporaryDirectory(), bytesMax: 64 * MIB };
    const options = { ...quiet, ...scene, diskCache };
    const store = await open('memory:', options);
    const files = await filesIn(store);
    const { totals } = await store.stats();
    let result: unknown;
    // A GET per file, of all of it.
    expect(await getsOf(scene, async () => (result = await store.warm()))).toBe(files);
    expect(result).toEqual({ files, bytes: totals.delta.bytes + totals.current.bytes });
    expect(await getsOf(scene, () => rowsOf(store.scan()))).toBe(0);
    expect(await store.warm()).toEqual({ files, bytes: 0 });
    await store.close();
    const next = await open('memory:', options);
    expect(await getsOf(scene, () => rowsOf(next.scan()))).toBe(0);
    await next.close();
  });

  it.each(['memory', 'disk'])('in %s brings what a range needs, and little else', async (where) => {
    const scene = await newScene();
    const directory = await temporaryDirectory();
    const diskCache = where === 'disk' ? { directory, bytesMax: 64 * MIB } : undefined;
    const store = await open('memory:', { ...quiet, ...scene, diskCache });
    const range = { gte: keyOf(1000), lt: keyOf(1500) };
    const { files, bytes } = await store.warm(range);
    expect(files).toBeLessThan((await filesIn(store)) / 2);
    expect(bytes).toBeGreaterThan(0);
    expect(await getsOf(scene, () => rowsOf(store.scan(range)))).toBe(0);
    expect(await getsOf(scene, () => rowsOf(store.scan({ gte: keyOf(ROWS - 100) })))).toBeGreaterThan(0);
    await store.close();
  });

  it('pushes nothing out of memory', async () => {
    const scene = await newScene();
    for (const [cacheBytes, tableBytes] of [
      [200_000, MIB],
      [0, MIB],
      [MIB, 20_000],
    ]) {
      const store = await open('memory:', { ...quiet, ...scene, cacheBytes, tableBytes });
      await store.warm();
      const { blockCache, openFiles } = await store.stats();
      expect(blockCache.evictions + openFiles.evictions).toBe(0);
      expect(blockCache.bytes).toBeGreaterThanOrEqual(0.5 * Math.min(blockCache.bytesMax, 200_000));
      await store.close();
    }
  });

  it('stops before the disk is full', async () => {
    const scene = await newScene();
    const diskCache = { directory: await temporaryDirectory(), bytesMax: MIB + 300 * 1024 };
    const store = await open('memory:', { ...quiet, ...scene, diskCache });
    const { totals } = await store.stats();
    const { bytes } = await store.warm();
    expect(bytes).toBeLessThanOrEqual(diskCache.bytesMax);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(totals.current.bytes);
    await store.close();
  });

  it('is of a family, ends by its signal, and refuses bad ranges', async () => {
    const scene = await newScene(1);
    const store = await open('memory:', { ...quiet, ...scene, families: { other: {} } });
    expect(await store.family('other').warm()).toEqual({ files: 0, bytes: 0 });
    expect(await codeOf(() => store.warm({ signal: AbortSignal.abort() }))).toBe('CLORTHO_ABORTED');
    expect(await codeOf(() => store.warm({ gte: 'b', lt: 'a' }))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => store.warm({ family: 'none' }))).toBe('CLORTHO_INVALID');
    await store.close();
    expect(await codeOf(() => store.warm())).toBe('CLORTHO_CLOSED');
  });

  it('goes on in the files that others put in place of those it was in', async () => {
    const scene = await newScene();
    const store = await open('memory:', { ...quiet, ...scene });
    const other = await open('memory:', { ...quiet, ...scene });
    await other.compact();
    for (let pass = 0; pass < 3; pass += 1) await other.gc();
    await store.warm();
    expect(await getsOf(scene, () => rowsOf(store.scan()))).toBe(0);
    await store.close();
    await other.close();
  });
});
