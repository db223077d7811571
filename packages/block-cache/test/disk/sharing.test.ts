/** Several processes on one directory, by intent or by mistake. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type DiskCacheEvent, openDiskCache } from '../../src/index.ts';
import { budgetOf, bytesOf, expectBytes, fetchOf, objectOf, opened, PAGE } from './fixture.ts';
import { MemoryFiles } from './memory-files.ts';

const object = objectOf('sst/one.sst', 4 * PAGE);
const other = objectOf('sst/two.sst', 4 * PAGE);
const all = bytesOf(object, 0, object.bytes);

describe('equal settings', () => {
  it('share what either fetched', async () => {
    const one = await opened(16);
    const two = await opened(16, {}, one.files);
    expect(await two.cache.get(object, 0, 10)).toBeUndefined();
    await one.cache.put(object, 0, all);
    expectBytes(await two.cache.get(object, 0, object.bytes), all);
    await two.cache.delete(object);
    await two.cache.put(other, 0, bytesOf(other, 0, other.bytes));
    expectBytes(await one.cache.get(other, 0, other.bytes), bytesOf(other, 0, other.bytes));
    expect([...one.kinds(), ...two.kinds()]).toEqual([]);
  });

  it('are right about pages that the other replaced, and do not take them for damage', async () => {
    const one = await opened(2, { admission: 'always' });
    const two = await opened(2, { admission: 'always' }, one.files);
    for (let round = 0; round < 50; round += 1) {
      const [mine, theirs] = round % 2 === 0 ? [one, two] : [two, one];
      const of = objectOf(`object ${round % 7}`, 2 * PAGE);
      await mine.cache.put(of, 0, bytesOf(of, 0, of.bytes));
      for (let back = 0; back < 7; back += 1) {
        const old = objectOf(`object ${back}`, 2 * PAGE);
        const found = await theirs.cache.get(old, PAGE, 100);
        if (back === round % 7) expect(found).toBeDefined();
        if (found !== undefined) expectBytes(found, bytesOf(old, PAGE, 100));
      }
    }
    expect([one.cache.stats().damaged, two.cache.stats().damaged]).toEqual([0, 0]);
  });

  it('that begin together agree on one file', async () => {
    for (let round = 0; round < 20; round += 1) {
      const files = new MemoryFiles();
      const both = await Promise.all([opened(16, {}, files), opened(16, {}, files), opened(16, {}, files)]);
      await both[0]?.cache.put(object, 0, all);
      for (const { cache, kinds } of both) {
        expectBytes(await cache.get(object, 0, object.bytes), all);
        expect(kinds()).toEqual([]);
      }
      expect([...files.names.keys()]).toEqual(['/cache/pages.clortho-cache']);
    }
  });
});

describe('other settings', () => {
  it('replace the file; who had it stops with a conflict and stays away', async () => {
    const one = await opened(16);
    await one.cache.put(object, 0, all);
    const two = await opened(8, {}, one.files);
    expect(two.kinds()).toEqual(['set-aside']);
    await two.cache.put(other, 0, bytesOf(other, 0, other.bytes));
    expect(await one.cache.put(other, 0, bytesOf(other, 0, other.bytes))).toBe(0);
    for (let round = 0; round < 5; round += 1) {
      one.clock.ms += 30_000;
      expectBytes(await one.cache.read(object, 0, 10, fetchOf(object).fetch), bytesOf(object, 0, 10));
    }
    expect(one.kinds()).toEqual(['reads-stopped', 'writes-stopped']);
    expect(one.events[0]?.cause).toMatchObject({ code: 'CLORTHO_CONFLICT' });
    expectBytes(await two.cache.get(other, 0, other.bytes), bytesOf(other, 0, other.bytes));
    expect(one.files.totalBytes).toBeLessThanOrEqual(budgetOf(8));
    expect(one.files.openFiles).toBe(1);
  });
});

describe('on a real file system', () => {
  it('garbage is replaced, what others put into the directory stays, and litter goes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clortho-disk-cache-'));
    await writeFile(join(directory, 'pages.clortho-cache'), 'not a cache');
    await writeFile(join(directory, 'pages.clortho-cache.0123.new'), 'of a process that died');
    await writeFile(join(directory, 'notes.txt'), 'mine');
    const events: DiskCacheEvent[] = [];
    const options = { directory, bytesMax: budgetOf(16), pageBytes: PAGE };
    await using cache = await openDiskCache({ ...options, onEvent: (event) => events.push(event) });
    await cache.put(object, 0, all);
    expectBytes(await cache.get(object, 10, 100), bytesOf(object, 10, 100));
    expect(events).toEqual([{ kind: 'set-aside' }]);
    expect((await readdir(directory)).sort()).toEqual(['notes.txt', 'pages.clortho-cache']);
    expect((await stat(join(directory, 'pages.clortho-cache'))).size).toBeLessThanOrEqual(options.bytesMax);
    await rm(directory, { recursive: true });
  });

  it('processes that are killed in the middle of writing leave pages that are right', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clortho-disk-cache-'));
    const script = fileURLToPath(new URL('filling.mjs', import.meta.url));
    for (let kills = 0; kills < 2; kills += 1) {
      const children = [1, 2].map(() =>
        spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] }),
      );
      const ended = children.map((child) => once(child, 'close'));
      await Promise.all(children.map((child) => once(child.stdout, 'data')));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ended);
    }
    await using cache = await openDiskCache({ directory, bytesMax: 10 * 1024 * 1024, pageBytes: 256 * 1024 });
    let found = 0;
    for (let round = 0; round < 20; round += 1) {
      const name = `object ${round}`;
      for (let offset = 0; offset < 4 * 256 * 1024; offset += 256 * 1024) {
        const bytes = await cache.get({ name, bytes: 4 * 256 * 1024 }, offset, 256 * 1024);
        if (bytes === undefined) continue;
        found += 1;
        expect(bytes.every((byte) => byte === round)).toBe(true);
      }
    }
    expect(found).toBeGreaterThan(10);
    expect(cache.stats()).toMatchObject({ state: 'on', failures: 0 });
    await rm(directory, { recursive: true });
  });
});
