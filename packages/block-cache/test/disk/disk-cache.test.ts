import { describe, expect, it } from 'vitest';
import { openDiskCache } from '../../src/index.ts';
import { budgetOf, bytesOf, expectBytes, fetchOf, gateAt, objectOf, opened, PAGE } from './fixture.ts';

const object = objectOf('sst/one.sst', 5 * PAGE + 1000);

describe('ranges', () => {
  it('come back from whichever pages hold them, after a restart too', async () => {
    const { cache, files } = await opened(16);
    expect(await cache.put(object, 0, bytesOf(object, 0, object.bytes))).toBe(object.bytes);
    const ranges = [
      [0, object.bytes],
      [0, 0],
      [PAGE - 1, 2],
      [PAGE, PAGE],
      [5 * PAGE + 999, 1],
      [object.bytes, 0],
      [100, 3 * PAGE],
    ] as const;
    for (const [offset, length] of ranges) {
      expectBytes(await cache.get(object, offset, length), bytesOf(object, offset, length));
    }
    await cache.close();
    const again = await opened(16, {}, files);
    for (const [offset, length] of ranges) {
      expectBytes(await again.cache.get(object, offset, length), bytesOf(object, offset, length));
    }
    expect(again.events).toEqual([]);
  });

  it('are cached in whole pages only', async () => {
    const { cache } = await opened(16);
    expect(await cache.put(object, 10, bytesOf(object, 10, 2 * PAGE))).toBe(PAGE);
    expectBytes(await cache.get(object, PAGE, PAGE), bytesOf(object, PAGE, PAGE));
    expect(await cache.get(object, PAGE - 1, 2)).toBeUndefined();
    expect(await cache.put(object, 5 * PAGE, bytesOf(object, 5 * PAGE, 1000))).toBe(1000);
    expectBytes(await cache.get(object, 5 * PAGE, 1000), bytesOf(object, 5 * PAGE, 1000));
  });

  it('must lie within their object', async () => {
    const { cache } = await opened(4);
    for (const [offset, length] of [
      [-1, 2],
      [0, object.bytes + 1],
      [1, -1],
      [0.5, 1],
    ] as const) {
      await expect(cache.get(object, offset, length)).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    }
    await expect(cache.get(objectOf('', 10), 0, 1)).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    await expect(cache.get(objectOf('é'.repeat(513), 10), 0, 1)).rejects.toMatchObject({
      code: 'CLORTHO_INVALID',
    });
  });

  it('of the longest name and the largest page fit the header', async () => {
    const large = objectOf('é'.repeat(512), 4 * 1024 * 1024);
    const { cache } = await opened(0, { bytesMax: 10 * 1024 * 1024, pageBytes: 4 * 1024 * 1024 });
    const bytes = bytesOf(large, 0, large.bytes);
    expect(await cache.put(large, 0, bytes)).toBe(large.bytes);
    expectBytes(await cache.get(large, 1_000_000, 10), bytes.slice(1_000_000, 1_000_010));
  });

  it('that are small cost the disk little more than they are', async () => {
    const large = objectOf('large', 1024 * 1024);
    const { cache, files } = await opened(0, { bytesMax: 4 * 1024 * 1024, pageBytes: 1024 * 1024 });
    await cache.put(large, 0, bytesOf(large, 0, large.bytes));
    const before = files.bytesRead;
    await cache.get(large, 500_000, 1000);
    expect(files.bytesRead - before).toBeLessThan(PAGE + 1024);
  });
});

describe('reading through', () => {
  it('fetches each gap once, whoever asks, and the object no more', async () => {
    const { cache } = await opened(16);
    const { fetch, asked } = fetchOf(object);
    await cache.put(object, 2 * PAGE, bytesOf(object, 2 * PAGE, PAGE));
    const reads = [0, 10, 20].map((offset) => cache.read(object, offset, object.bytes - offset, fetch));
    for (const [index, bytes] of (await Promise.all(reads)).entries()) {
      expectBytes(bytes, bytesOf(object, index * 10, object.bytes - index * 10));
    }
    expect(asked).toEqual([
      [0, 2 * PAGE],
      [3 * PAGE, 2 * PAGE + 1000],
    ]);
    await cache.settled();
    await cache.read(object, 0, object.bytes, fetch);
    expect(asked).toHaveLength(2);
    expect(cache.stats()).toMatchObject({ fetches: 2, bytesFetched: 4 * PAGE + 1000, written: 6 });
  });

  it('tells every caller what a fetch threw, and tries again', async () => {
    const { cache } = await opened(16);
    const gone = (): Promise<Uint8Array> => Promise.reject(new Error('gone'));
    const reads = [cache.read(object, 0, 10, gone), cache.read(object, 5, 10, gone)];
    for (const read of reads) await expect(read).rejects.toThrow('gone');
    expectBytes(await cache.read(object, 0, 10, fetchOf(object).fetch), bytesOf(object, 0, 10));
  });

  it('refuses an object that comes back short or long, and keeps nothing of it', async () => {
    const { cache } = await opened(16);
    for (const extra of [-1, 1]) {
      const fetch = async (offset: number, length: number) => bytesOf(object, offset, length + extra);
      await expect(cache.read(object, 0, 10, fetch)).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    }
    await cache.settled();
    expect(await cache.get(object, 0, 10)).toBeUndefined();
  });

  it('gives callers bytes of their own', async () => {
    const { cache } = await opened(16);
    const { fetch } = fetchOf(object);
    const [one, two] = await Promise.all([
      cache.read(object, 0, 100, fetch),
      cache.read(object, 0, 100, fetch),
    ]);
    one.fill(0);
    expectBytes(two, bytesOf(object, 0, 100));
    await cache.settled();
    expectBytes(await cache.get(object, 0, 100), bytesOf(object, 0, 100));
  });
});

describe('warming', () => {
  it('fetches what is missing, waits until it is written, and tells how much', async () => {
    const { cache } = await opened(16);
    const { fetch, asked } = fetchOf(object);
    await cache.put(object, 0, bytesOf(object, 0, PAGE));
    expect(await cache.warm(object, fetch)).toBe(object.bytes - PAGE);
    expect(asked).toEqual([[PAGE, 4 * PAGE + 1000]]);
    expect(await cache.warm(object, fetch)).toBe(0);
    expectBytes(await cache.get(object, 0, object.bytes), bytesOf(object, 0, object.bytes));
  });

  it('does not fetch what waits to be written', async () => {
    const { cache } = await opened(16);
    const { fetch, asked } = fetchOf(object);
    const written = cache.put(object, 0, bytesOf(object, 0, object.bytes));
    expect(await cache.warm(object, fetch)).toBe(0);
    expect(asked).toEqual([]);
    expect(await written).toBe(object.bytes);
  });

  it('stops between fetches when aborted, and at once where nothing is cached', async () => {
    const { cache } = await opened(16);
    const { fetch, asked } = fetchOf(object);
    const signal = AbortSignal.abort();
    await expect(cache.warm(object, fetch, { signal })).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    const none = await opened(0);
    expect(await none.cache.warm(object, fetch)).toBe(0);
    expect(asked).toEqual([]);
  });
});

describe('deleting', () => {
  it('removes an object, for those who open the cache later too', async () => {
    const { cache, files } = await opened(16);
    const other = objectOf('sst/two.sst', PAGE);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    await cache.put(other, 0, bytesOf(other, 0, PAGE));
    await cache.delete(object);
    for (const each of [cache, (await opened(16, {}, files)).cache]) {
      for (let page = 0; page < 6; page += 1) expect(await each.get(object, page * PAGE, 10)).toBeUndefined();
      expectBytes(await each.get(other, 0, PAGE), bytesOf(other, 0, PAGE));
    }
  });

  it('reaches what is being fetched or written', async () => {
    const { cache } = await opened(16);
    const put = cache.put(object, 0, bytesOf(object, 0, object.bytes));
    const other = objectOf('sst/two.sst', PAGE);
    let arrive = (_: Uint8Array): void => undefined;
    const read = cache.read(other, 0, 10, () => new Promise((resolve) => (arrive = resolve)));
    while (cache.stats().fetches === 0) await Promise.resolve();
    await Promise.all([cache.delete(object), cache.delete(other)]);
    arrive(bytesOf(other, 0, PAGE));
    expectBytes(await read, bytesOf(other, 0, 10));
    await put;
    await cache.settled();
    for (let page = 0; page < 6; page += 1) expect(await cache.get(object, page * PAGE, 10)).toBeUndefined();
    expect(await cache.get(other, 0, 10)).toBeUndefined();
  });
});

describe('while a page is being written', () => {
  it('its bytes are served, and its deletion holds', async () => {
    const { cache, files } = await opened(16);
    const gate = gateAt('write', files);
    const put = cache.put(object, 0, bytesOf(object, 0, PAGE));
    await gate.reached;
    expectBytes(await cache.get(object, 5, 10), bytesOf(object, 5, 10));
    await cache.delete(object);
    expect(await cache.get(object, 5, 10)).toBeUndefined();
    gate.open();
    expect(await put).toBe(0);
    expect(await cache.get(object, 5, 10)).toBeUndefined();
  });
});

describe('closing', () => {
  it('lets reads end before it closes the file', async () => {
    const { cache, files } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    const gate = gateAt('read', files);
    const get = cache.get(object, 0, PAGE);
    await gate.reached;
    const close = cache.close();
    await new Promise(setImmediate);
    gate.open();
    expectBytes(await get, bytesOf(object, 0, PAGE));
    await close;
    expect(cache.stats().failures).toBe(0);
    expect(files.openFiles).toBe(0);
  });

  it('waits for what a failed read left behind', async () => {
    const { cache, files } = await opened(16);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    // The read of the header fails, that of the page is held back.
    files.fault = (call, position) => (call === 'read' && position === 8192 ? 'EIO' : undefined);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let reads = 0;
    files.gate = (call) => (call === 'read' && (reads += 1) === 2 ? held : Promise.resolve());
    expect(await cache.get(object, 0, PAGE)).toBeUndefined();
    const close = cache.close();
    await new Promise(setImmediate);
    expect(files.openFiles).toBe(1);
    release();
    await close;
    expect([files.openFiles, files.usesAfterClose]).toEqual([0, 0]);
  });

  it('is said to those who come later', async () => {
    const { cache, files } = await opened(16);
    const put = cache.put(object, 0, bytesOf(object, 0, object.bytes));
    await Promise.all([cache.close(), cache.close(), put]);
    expect(files.openFiles).toBe(0);
    await expect(cache.get(object, 0, 1)).rejects.toMatchObject({ code: 'CLORTHO_CLOSED' });
  });
});

describe('limits', () => {
  it('a queue that is full keeps no more', async () => {
    const { cache } = await opened(16, { queueBytesMax: 2 * PAGE });
    expect(await cache.put(object, 0, bytesOf(object, 0, object.bytes))).toBe(2 * PAGE);
    expect(cache.stats()).toMatchObject({ overflows: 4, queuedBytes: 0 });
  });

  it('a budget of nothing caches nothing, leaves no file and reads all the same', async () => {
    const before = await opened(16);
    await before.cache.put(object, 0, bytesOf(object, 0, object.bytes));
    await before.cache.close();
    for (const bytesMax of [0, 1, budgetOf(1) - 1]) {
      const { cache, events } = await opened(0, { bytesMax }, before.files);
      const { fetch, asked } = fetchOf(object);
      expectBytes(await cache.read(object, 5, 10, fetch), bytesOf(object, 5, 10));
      expect(asked).toEqual([[5, 10]]);
      expect(await cache.put(object, 0, bytesOf(object, 0, object.bytes))).toBe(0);
      expect(await cache.get(object, 0, 1)).toBeUndefined();
      await cache.delete(object);
      expect(before.files.names.size).toBe(0);
      expect(events).toEqual([]);
      expect(cache.stats()).toMatchObject({ state: 'off', fileBytes: 0 });
      await cache.close();
    }
  });

  it('options out of their range are refused', async () => {
    const good = { directory: '/cache', bytesMax: 0 };
    for (const bad of [
      { bytesMax: -1 },
      { pageBytes: 1000 },
      { pageBytes: 8 * 1024 * 1024 },
      { failuresMax: 0 },
    ]) {
      await expect(openDiskCache({ ...good, ...bad })).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    }
  });
});
