/** A disk that is full, broken, read-only or gone: the cache is off for a while, says so once, and reads go on. */
import { describe, expect, it } from 'vitest';
import { bytesOf, expectBytes, fetchOf, objectOf, opened, PAGE } from './fixture.ts';
import { type Call, MemoryFiles } from './memory-files.ts';

const object = objectOf('sst/one.sst', 4 * PAGE);
const other = objectOf('sst/two.sst', 4 * PAGE);
const failing =
  (code: string, ...calls: Call[]) =>
  (call: Call) =>
    calls.includes(call) ? code : undefined;

describe('a full disk', () => {
  it('stops writes, keeps reads, is told once, and is tried again after the pause', async () => {
    const { cache, files, clock, kinds, events } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    files.fault = failing('ENOSPC', 'write');
    for (let round = 0; round < 10; round += 1) {
      await cache.read(other, 0, other.bytes, fetchOf(other).fetch);
      await cache.settled();
      expectBytes(await cache.get(object, 0, object.bytes), bytesOf(object, 0, object.bytes));
      clock.ms += 10_000;
    }
    expect(kinds()).toEqual(['writes-stopped']);
    expect(events[0]?.cause).toMatchObject({ code: 'ENOSPC' });
    expect(cache.stats()).toMatchObject({ state: 'read-only', written: 4 });
    // Three failures, and one or two more after each of three pauses: two writes may be under way.
    expect(cache.stats().failures).toBeLessThanOrEqual(10);

    files.fault = () => undefined;
    clock.ms += 30_000;
    expect(await cache.put(other, 0, bytesOf(other, 0, other.bytes))).toBe(other.bytes);
    expect(kinds()).toEqual(['writes-stopped', 'writes-resumed']);
  });

  it('does not fetch more than it is asked for while nothing is kept', async () => {
    const { cache, files } = await opened(16, { failuresMax: 1 });
    files.fault = failing('ENOSPC', 'write');
    await cache.put(object, 0, bytesOf(object, 0, PAGE));
    expect(cache.stats().state).toBe('read-only');
    const { fetch, asked } = fetchOf(object);
    await cache.read(object, 100, 10, fetch);
    expect(await cache.warm(object, fetch)).toBe(0);
    expect(asked).toEqual([[100, 10]]);
  });
});

describe('a broken disk', () => {
  it('stops reads, is told once, and goes on where it was when it works again', async () => {
    const { cache, files, clock, kinds } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    files.fault = failing('EIO', 'read', 'write', 'links');
    const { fetch } = fetchOf(object);
    for (let round = 0; round < 20; round += 1) {
      expectBytes(await cache.read(object, 5, 100, fetch), bytesOf(object, 5, 100));
      expect(await cache.get(object, PAGE, 100)).toBeUndefined();
      await cache.settled();
    }
    expect(cache.stats()).toMatchObject({ state: 'off' });
    expect(kinds()).toEqual(['reads-stopped']);
    files.fault = () => undefined;
    clock.ms += 30_000;
    expectBytes(await cache.get(object, 3 * PAGE, PAGE), bytesOf(object, 3 * PAGE, PAGE));
    await cache.put(other, 0, bytesOf(other, 0, other.bytes));
    expect(kinds()).toEqual(['reads-stopped', 'reads-resumed']);
    expect(cache.stats().state).toBe('on');
  });

  it('with one bad spot is left alone there', async () => {
    const { cache, files, kinds } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    const bad = 8192 + 2 * (4096 + PAGE);
    files.fault = (call, position) =>
      call === 'read' && position >= bad && position < bad + 4096 + PAGE ? 'EIO' : undefined;
    for (let round = 0; round < 10; round += 1) {
      for (let offset = 0; offset < object.bytes; offset += PAGE) {
        const found = await cache.get(object, offset, PAGE);
        if (found !== undefined) expectBytes(found, bytesOf(object, offset, PAGE));
      }
    }
    expect(cache.stats()).toMatchObject({ failures: 1, hits: 30, state: 'on' });
    expect(kinds()).toEqual([]);
  });

  it('that returns less than it should is a miss', async () => {
    const { cache, files } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    files.fault = (call) => (call === 'read' ? { bytes: 100 } : undefined);
    expectBytes(await cache.get(object, 0, 50), bytesOf(object, 0, 50));
    files.fault = (call) => (call === 'read' ? { bytes: 0 } : undefined);
    expect(await cache.get(object, 0, 50)).toBeUndefined();
  });

  it('that writes a little at a time writes all', async () => {
    const { cache, files } = await opened(16);
    files.fault = (call) => (call === 'write' ? { bytes: 1000 } : undefined);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    expectBytes(await cache.get(object, 0, object.bytes), bytesOf(object, 0, object.bytes));
  });
});

describe('a directory', () => {
  it.each(['EROFS', 'EACCES', 'ENOSPC', 'EIO', 'ENOTDIR'])(
    'in which nothing can be made (%s) is no cache, told once, until it can',
    async (code) => {
      const files = new MemoryFiles();
      files.fault = failing(code, 'makeDirectory', 'write', 'list');
      const { cache, clock, kinds } = await opened(16, {}, files);
      for (let round = 0; round < 5; round += 1) {
        expectBytes(await cache.read(object, 0, 10, fetchOf(object).fetch), bytesOf(object, 0, 10));
        clock.ms += 20_000;
      }
      expect(kinds()).toEqual(['reads-stopped', 'writes-stopped']);
      files.fault = () => undefined;
      clock.ms += 30_000;
      await cache.put(object, 0, bytesOf(object, 0, object.bytes));
      expectBytes(await cache.get(object, 0, 10), bytesOf(object, 0, 10));
      expect(kinds().slice(2)).toEqual(['reads-resumed', 'writes-resumed']);
    },
  );

  it('that can only be read serves what is in it', async () => {
    const first = await opened(16);
    await first.cache.put(object, 0, bytesOf(object, 0, object.bytes));
    await first.cache.close();
    const { files } = first;
    const open = files.open.bind(files);
    files.open = (path, flags) =>
      flags === 'r' ? open(path, flags) : Promise.reject(Object.assign(new Error('no'), { code: 'EROFS' }));
    const { cache, kinds } = await opened(16, {}, files);
    expectBytes(await cache.get(object, 0, object.bytes), bytesOf(object, 0, object.bytes));
    expect(await cache.put(other, 0, bytesOf(other, 0, other.bytes))).toBe(0);
    expect(await cache.put(other, 0, bytesOf(other, 0, other.bytes))).toBe(0);
    expect(kinds()).toEqual(['writes-stopped']);
    expect(cache.stats().state).toBe('read-only');
  });

  it('that was emptied under the cache is made again', async () => {
    const { cache, files, clock, kinds } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    await files.remove('/cache/pages.clortho-cache');
    expectBytes(await cache.get(object, 0, 10), bytesOf(object, 0, 10));
    expect(await cache.put(other, 0, bytesOf(other, 0, other.bytes))).toBe(0);
    clock.ms += 30_000;
    expect(await cache.put(other, 0, bytesOf(other, 0, other.bytes))).toBe(other.bytes);
    expect(await cache.get(object, 0, 10)).toBeUndefined();
    expect(kinds()).toEqual(['reads-stopped', 'writes-stopped', 'reads-resumed', 'writes-resumed']);
    expect(files.openFiles).toBe(1);
  });
});
