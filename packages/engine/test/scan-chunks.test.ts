/** Scans by rows and by chunks: what they hand out, whose it is, and that both are what point lookups find. */
import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenOptions, open, type ScanOptions, type ScanRow, type Store } from '../src/index.ts';
import { codeOf, text } from './support/answers.ts';
import { type Backends, hookedObjects, newBackends, newGate } from './support/backends.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 256, fileBytes: 2000 } };

const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`;

async function collect(rows: AsyncIterable<ScanRow>): Promise<ScanRow[]> {
  const all: ScanRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function collectChunks(store: Store, options: ScanOptions): Promise<ScanRow[]> {
  const all: ScanRow[] = [];
  for await (const chunk of store.scan(options).chunks()) {
    expect(chunk.keyStarts).toHaveLength(chunk.length + 1);
    expect(chunk.valueStarts).toHaveLength(chunk.length + 1);
    for (let row = 0; row < chunk.length; row += 1) all.push(chunk.row(row));
  }
  return all;
}

/** Returns backends of a store with so many rows in its base. */
async function compacted(rows: number): Promise<Backends> {
  const backends = newBackends();
  const writer = await open('memory:', { ...quiet, ...backends });
  const put = (number: number) => ({ type: 'put', key: keyOf(number), value: 'v'.repeat(100) }) as const;
  await writer.write(Array.from({ length: rows }, (_, number) => put(number)));
  await writer.compact();
  await writer.close();
  return backends;
}

const shown = (rows: readonly ScanRow[]): string[] =>
  rows.map(({ key, value, timestamp }) => `${text(key)}=${text(value)}@${timestamp}`);

describe('rows and chunks', () => {
  const KEYS = 700;
  let times: number[];
  let stores: Store[];

  beforeAll(async () => {
    const backends = newBackends();
    const options: OpenOptions = {
      ...quiet,
      ...backends,
      time: 'external',
      shards: [keyOf(300)],
      families: { default: { merge: 'append' } },
    };
    const store = await open('memory:', options);
    times = [];
    let random = 7;
    const below = (bound: number): number => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      return random % bound;
    };
    for (let batch = 1; batch <= 12; batch += 1) {
      const timestamp = batch * 10;
      const operations = Array.from({ length: 150 }, () => {
        const key = keyOf(below(KEYS));
        const value = `${batch}`.padEnd(below(40), '.');
        const dice = below(10);
        if (dice === 0) return { type: 'del', key } as const;
        if (dice === 1) return { type: 'merge', key, value } as const;
        return { type: 'put', key, value } as const;
      });
      const range = { type: 'deleteRange', start: keyOf(batch * 50), end: keyOf(batch * 50 + 9) } as const;
      await store.write(batch % 4 === 0 ? [...operations, range] : operations, { timestamp });
      times.push(timestamp);
      // Some of the past is in History, the newest batches are in delta.
      if (batch === 5 || batch === 9) await store.compact();
    }
    // Without memory for blocks every one is loaded: a scan is blocked all the time.
    const cold = await open('memory:', { ...options, cacheBytes: 0 });
    stores = [store, cold];
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
  });

  it('are what point lookups find, at any time, in any range, in both directions', async () => {
    const scan = fc.record({
      from: fc.nat(KEYS),
      length: fc.nat(KEYS),
      limit: fc.option(fc.nat(300), { nil: undefined }),
      reverse: fc.boolean(),
      time: fc.option(fc.nat(11), { nil: undefined }),
      store: fc.nat(1),
    });
    await fc.assert(
      fc.asyncProperty(scan, async ({ from, length, limit, reverse, time, store: which }) => {
        const store = stores[which] as Store;
        const asOf = time === undefined ? undefined : times[time];
        const keys = Array.from({ length }, (_, at) => keyOf(from + at));
        const values = await store.getMany(keys, { asOf });
        const present = keys.flatMap((key, at) =>
          values[at] === undefined ? [] : [`${key}=${text(values[at])}`],
        );
        if (reverse) present.reverse();
        const options = { gte: keyOf(from), lt: keyOf(from + length), limit, reverse, asOf };
        const rows = await collect(store.scan(options));
        expect(rows.map(({ key, value }) => `${text(key)}=${text(value)}`)).toEqual(present.slice(0, limit));
        expect(shown(await collectChunks(store, options))).toEqual(shown(rows));
      }),
      { numRuns: 150 },
    );
  });

  it('can be written to without harm', async () => {
    const [store] = stores as [Store];
    const before = shown(await collect(store.scan()));
    for await (const { key, value } of store.scan()) {
      key.fill(0);
      value.fill(0);
    }
    for await (const { keyBytes, valueBytes } of store.scan().chunks()) {
      keyBytes.fill(0);
      valueBytes.fill(0);
    }
    const value = (await store.get(before[0]?.split('=')[0] as string)) as Uint8Array;
    value.fill(0);
    expect(shown(await collect(store.scan()))).toEqual(before);
  });

  it('have values that nobody else can change or take away, large ones included', async () => {
    const store = await open('memory:', {
      ...quiet,
      ...newBackends(),
      families: { default: { merge: 'append' } },
    });
    const large = 'v'.repeat(2000);
    await store.write([
      { type: 'put', key: 'large', value: large },
      { type: 'put', key: 'small', value: 'v' },
      { type: 'put', key: 'folded', value: 'v' },
    ]);
    await store.write([{ type: 'merge', key: 'folded', value: 'w' }]);
    const expected = { large, small: 'v', folded: 'vw' };
    for (const key of Object.keys(expected)) {
      const read = [await store.get(key), (await store.getMany([key]))[0], store.peek(key) as Uint8Array];
      for (const value of read) {
        expect(text(value)).toBe(expected[key as keyof typeof expected]);
        value?.fill(0);
      }
      expect(text(await store.get(key))).toBe(expected[key as keyof typeof expected]);
    }
    const small = (await store.get('small')) as Uint8Array<ArrayBuffer>;
    const handOver = async (): Promise<unknown> => structuredClone(small, { transfer: [small.buffer] });
    // Refused, or copied by Node 20: what lies beside it in its memory stays in any case.
    await handOver().catch(() => undefined);
    expect(text(small)).toBe('v');
    const own = (await store.get('large')) as Uint8Array<ArrayBuffer>;
    structuredClone(own, { transfer: [own.buffer] });
    expect(text(await store.get('large'))).toBe(large);
    await store.close();
  });

  it('are read once, by rows or by chunks', async () => {
    const [store] = stores as [Store];
    const scan = store.scan();
    await scan.next();
    expect(await codeOf(() => scan.chunks())).toBe('CLORTHO_INVALID');
    await scan.return();
    expect(await scan.next()).toEqual({ value: undefined, done: true });
  });

  it('come in order to calls that do not wait for each other', async () => {
    for (const store of stores) {
      const scan = store.scan();
      const calls = Array.from({ length: 900 }, () => scan.next());
      const rows = (await Promise.all(calls)).flatMap(({ value }) => (value === undefined ? [] : [value]));
      expect(shown(rows)).toEqual(shown(await collect(store.scan())));
      expect(rows.every(({ key }, at) => at === 0 || compareBytes(rows[at - 1]?.key ?? key, key) < 0)).toBe(
        true,
      );
    }
  });

  it('end for good when they are left, fail or are disposed of', async () => {
    const [store] = stores as [Store];
    const left = store.scan();
    for await (const _ of left) break;
    expect((await left.next()).done).toBe(true);
    const thrown = store.scan();
    await thrown.next();
    await expect(thrown.throw(new Error('enough'))).rejects.toThrow('enough');
    expect((await thrown.next()).done).toBe(true);
    const disposed = store.scan();
    await disposed[Symbol.asyncDispose]();
    expect((await disposed.next()).done).toBe(true);
    const controller = new AbortController();
    const aborted = store.scan({ signal: controller.signal });
    await aborted.next();
    controller.abort();
    expect(await codeOf(() => aborted.next())).toBe('CLORTHO_ABORTED');
    expect((await aborted.next()).done).toBe(true);
  });
});

it('a scan stops reading when its consumer does', async () => {
  const backends = await compacted(2000);
  const store = await open('memory:', { ...quiet, ...backends });
  const before = (await store.stats()).objects.gets;
  for await (const { key } of store.scan()) {
    expect(text(key)).toBe(keyOf(0));
    break;
  }
  // The tail of a file, the block of the row, and the one that was asked for meanwhile.
  expect((await store.stats()).objects.gets - before).toBeLessThanOrEqual(3);
  await store.close();
});

it('the next block is on its way while the consumer works', async () => {
  const backends = await compacted(200);
  const gate = newGate();
  let gets = 0;
  const objects = hookedObjects(backends.objects, (call, key) => {
    if (call !== 'get' || !key.endsWith('.sst')) return undefined;
    gets += 1;
    return gets > 2 ? gate.wait() : undefined;
  });
  const store = await open('memory:', { ...quiet, ...backends, objects });
  const scan = store.scan();
  expect(text((await scan.next()).value?.key)).toBe(keyOf(0));
  expect(gets).toBe(3);
  // Whoever leaves waits for it, and for nothing after it.
  const left = scan.return();
  gate.open();
  await left;
  expect(gets).toBe(3);
  await store.close();
});
