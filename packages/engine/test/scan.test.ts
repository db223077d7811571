/** Scans: ranges, order, limits, shard borders, aborts. */
import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyRange, type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 64, fileBytes: 300 } };
const KEYS = ['', 'a', 'a\0', 'aa', 'ab', 'b', 'ba', 'bb', 'c', 'ca', 'd'];

async function keysOf(
  store: Store,
  range: KeyRange & { reverse?: boolean; limit?: number },
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.scan(range)) keys.push(text(key) as string);
  return keys;
}

describe('a scan', () => {
  let store: Store;
  beforeAll(async () => {
    store = await open('memory:', { ...quiet, shards: ['aa', 'b', 'ba'] });
    for (const [index, key] of KEYS.entries()) {
      await store.put(key, `${index}`);
      if (index === 7) await store.compact();
    }
  });
  afterAll(() => store.close());

  it('yields keys in byte order over all shards, both ways', async () => {
    expect(await keysOf(store, {})).toEqual(KEYS);
    expect(await keysOf(store, { reverse: true })).toEqual([...KEYS].reverse());
  });

  it('keeps half-open and closed bounds apart', async () => {
    expect(await keysOf(store, { gte: 'aa', lt: 'ba' })).toEqual(['aa', 'ab', 'b']);
    expect(await keysOf(store, { gt: 'aa', lte: 'ba' })).toEqual(['ab', 'b', 'ba']);
    expect(await keysOf(store, { gt: 'a', lt: 'aa' })).toEqual(['a\0']);
    expect(await keysOf(store, { gt: 'aaa', lte: 'bz' })).toEqual(['ab', 'b', 'ba', 'bb']);
  });

  it('intersects prefix and bounds, over shard borders too', async () => {
    expect(await keysOf(store, { prefix: 'a' })).toEqual(['a', 'a\0', 'aa', 'ab']);
    expect(await keysOf(store, { prefix: 'b', reverse: true })).toEqual(['bb', 'ba', 'b']);
    expect(await keysOf(store, { prefix: 'b', gt: 'b', lt: 'bb' })).toEqual(['ba']);
    expect(await keysOf(store, { prefix: 'b', lt: 'a' })).toEqual([]);
    expect(await keysOf(store, { prefix: '' })).toEqual(KEYS);
    expect(await rowsOf(store.scan({ prefix: Uint8Array.of(0xff) }))).toEqual([]);
  });

  it('is empty between equal bounds unless both are closed', async () => {
    expect(await keysOf(store, { gte: 'b', lte: 'b' })).toEqual(['b']);
    expect(await keysOf(store, { gte: 'b', lt: 'b' })).toEqual([]);
    expect(await keysOf(store, { gt: 'b', lte: 'b' })).toEqual([]);
    expect(await keysOf(store, { gt: 'b', lt: 'b' })).toEqual([]);
    expect(await keysOf(store, { gte: '', lte: '' })).toEqual(['']);
  });

  it('refuses doubled, inverted and malformed bounds and limits', async () => {
    const ranges = [
      { gte: 'a', gt: 'a' },
      { lte: 'a', lt: 'a' },
      { gte: 'b', lt: 'a' },
      { gt: 'b', lte: 'a' },
      { gte: null },
      { lt: 7 },
      { limit: -1 },
      { limit: Number.NaN },
    ] as unknown as KeyRange[];
    for (const range of ranges)
      expect([range, await codeOf(() => store.scan(range))]).toEqual([range, 'CLORTHO_INVALID']);
  });

  it('stops at its limit, zero included', async () => {
    expect(await keysOf(store, { limit: 0 })).toEqual([]);
    expect(await keysOf(store, { limit: 5 })).toEqual(KEYS.slice(0, 5));
    expect(await keysOf(store, { limit: 4, reverse: true })).toEqual([...KEYS].reverse().slice(0, 4));
    expect(await keysOf(store, { limit: 1000 })).toEqual(KEYS);
  });

  it('may be left early and runs beside others', async () => {
    for await (const { key } of store.scan()) if (text(key) === 'aa') break;
    const [left, right] = [store.scan(), store.scan({ reverse: true })];
    expect(text((await left.next()).value?.key)).toBe('');
    expect(text((await right.next()).value?.key)).toBe('d');
    expect(text((await left.next()).value?.key)).toBe('a');
    await Promise.all([left.return(), right.return()]);
  });

  it('is aborted before it starts and between two rows', async () => {
    const aborted = AbortSignal.abort('enough');
    expect(await codeOf(() => store.scan({ signal: aborted }))).toBe('CLORTHO_ABORTED');
    const controller = new AbortController();
    const scan = store.scan({ signal: controller.signal });
    await scan.next();
    controller.abort();
    expect(await codeOf(() => scan.next())).toBe('CLORTHO_ABORTED');
  });

  it('sees one moment, however long it takes', async () => {
    const own = await open('memory:', { ...quiet, shards: ['m'] });
    for (const key of ['a', 'b', 'y', 'z']) await own.put(key, 'old');
    const scan = own.scan();
    const first = await scan.next();
    await own.write([{ type: 'deleteRange', start: '', end: 'zz' }]);
    await own.put('c', 'new');
    await own.compact();
    expect(first.value).toMatchObject({ timestamp: expect.any(Number) });
    expect(await rowsOf(scan)).toEqual(['b=old', 'y=old', 'z=old']);
    expect(await rowsOf(own.scan())).toEqual(['c=new']);
    await own.close();
  });
});

describe('scans of random stores', () => {
  it('agree with a sorted map in both directions, for any range', async () => {
    const key = fc
      .uint8Array({ maxLength: 3 })
      .map((bytes) => bytes.map((byte) => [0, 0x61, 0xff][byte % 3] as number));
    const range = fc.record({ gte: key, lt: key, prefix: key, limit: fc.nat(8) }, { requiredKeys: [] });
    const operation = fc.oneof(
      fc.record({ type: fc.constant('put' as const), key, value: fc.string({ maxLength: 3 }) }),
      fc.record({ type: fc.constant('del' as const), key }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { maxLength: 10 }),
        fc.array(range, { minLength: 1, maxLength: 6 }),
        fc.nat(10),
        async (batches, ranges, compactAt) => {
          const own = await open('memory:', {
            ...quiet,
            shards: [Uint8Array.of(0x61), Uint8Array.of(0x61, 0xff)],
          });
          const rows = new Map<string, { readonly key: Uint8Array; readonly value: string }>();
          for (const [index, batch] of batches.entries()) {
            await own.write(batch);
            for (const each of batch) {
              const id = Buffer.from(each.key).toString('hex');
              if (each.type === 'del') rows.delete(id);
              else rows.set(id, each);
            }
            if (index === compactAt) await own.compact();
          }
          const sorted = [...rows.values()].sort((left, right) => compareBytes(left.key, right.key));
          for (const each of ranges) {
            const { gte, lt, prefix, limit = 1000 } = each;
            if (gte !== undefined && lt !== undefined && compareBytes(gte, lt) > 0) continue;
            const expected = sorted.filter(
              (row) =>
                (gte === undefined || compareBytes(row.key, gte) >= 0) &&
                (lt === undefined || compareBytes(row.key, lt) < 0) &&
                (prefix === undefined || compareBytes(row.key.subarray(0, prefix.length), prefix) === 0),
            );
            const texts = expected.map((row) => `${text(row.key)}=${row.value}`);
            expect(await rowsOf(own.scan(each))).toEqual(texts.slice(0, limit));
            expect(await rowsOf(own.scan({ ...each, reverse: true }))).toEqual(
              texts.reverse().slice(0, limit),
            );
          }
          await own.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});
