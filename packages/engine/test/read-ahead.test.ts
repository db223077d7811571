/** What scans ask of the object store: adjacent blocks in one request, more as they go on, nothing that is in memory. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { type Backends, newBackends } from './support/backends.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const ROWS = 30_000;
const quiet: OpenOptions = { compaction: 'manual', refreshMs: 1e9, tuning: { threads: 0 } };

const keyOf = (row: number): string => `key/${String(row).padStart(6, '0')}`;

/** Returns backends of a store of one large file. */
async function newScene(): Promise<Backends> {
  const backends = newBackends();
  const store = await open('memory:', { ...quiet, ...backends, families: { default: { codec: 'none' } } });
  await store.write(
    Array.from({ length: ROWS }, (_, row) => ({ type: 'put', key: keyOf(row), value: `${row}`.repeat(25) })),
  );
  await store.compact();
  await store.close();
  return backends;
}

/** Returns the GETs, and their bytes, of a scan of so many rows from a row on. */
async function costOf(
  store: Store,
  from: number,
  limit: number,
): Promise<{ readonly gets: number; readonly bytes: number }> {
  const before = (await store.stats()).objects;
  let count = 0;
  for await (const _ of store.scan({ gte: keyOf(from), limit })) count += 1;
  expect(count).toBe(Math.min(limit, ROWS - from));
  const after = (await store.stats()).objects;
  return { gets: after.gets - before.gets, bytes: after.bytesGot - before.bytesGot };
}

describe('a scan', () => {
  it('of cold blocks makes a handful of requests per MiB, and none the second time', async () => {
    const store = await open('memory:', { ...quiet, ...(await newScene()) });
    const { totals } = await store.stats();
    expect(totals.current.files).toBe(1);
    expect(totals.current.bytes).toBeGreaterThan(3 * MIB);
    const cold = await costOf(store, 0, ROWS);
    // The tail; 32, 64, 128, 256 and 512 KiB; then 1 MiB each.
    expect(cold.gets).toBeLessThanOrEqual(6 + Math.ceil(totals.current.bytes / MIB));
    expect(cold.bytes).toBe(totals.current.bytes);
    expect(await costOf(store, 0, ROWS)).toEqual({ gets: 0, bytes: 0 });
    expect((await store.stats()).blockCache.entries).toBeGreaterThan(100);
    await store.close();
  });

  it('of few rows reads one block, and no more than twice what it needs when it goes on', async () => {
    const store = await open('memory:', { ...quiet, ...(await newScene()) });
    await store.get(keyOf(0));
    expect(await costOf(store, 10_000, 10)).toMatchObject({ gets: 1 });
    const few = await costOf(store, 20_000, 4000);
    expect(few.gets).toBeLessThanOrEqual(5);
    expect(few.bytes).toBeLessThan(2 * 4000 * 145 + 64 * KIB);
    await store.close();
  });

  it('begins small again behind blocks that are in memory', async () => {
    const store = await open('memory:', { ...quiet, ...(await newScene()) });
    await costOf(store, 10_000, 5_000);
    const { bytes, gets } = await costOf(store, 0, 10_000);
    expect(bytes).toBeLessThan(3 * MIB);
    expect(gets).toBeLessThanOrEqual(7);
    const behind = await costOf(store, 0, 25_000);
    expect(behind.bytes).toBeLessThan(15_000 * 145);
    await store.close();
  });

  it('that comes together with others shares their requests', async () => {
    const store = await open('memory:', { ...quiet, ...(await newScene()) });
    const { totals } = await store.stats();
    const before = (await store.stats()).objects.bytesGot;
    await Promise.all(Array.from({ length: 8 }, () => drain(store)));
    expect((await store.stats()).objects.bytesGot - before).toBeLessThan(1.5 * totals.current.bytes);
    await store.close();
  });

  it('works without memory for blocks', async () => {
    const store = await open('memory:', { ...quiet, ...(await newScene()), cacheBytes: 0 });
    const { totals } = await store.stats();
    expect((await costOf(store, 0, ROWS)).bytes).toBe(totals.current.bytes);
    await store.close();
  });
});

async function drain(store: Store): Promise<void> {
  for await (const _ of store.scan()) continue;
}
