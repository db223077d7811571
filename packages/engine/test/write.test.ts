/** Writing: bytes in and out, limits, batches, conditions. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, type Operation, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { contentsOf, newBackends } from './support/backends.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0 } };

async function withStore(use: (store: Store) => Promise<void>, options: OpenOptions = {}): Promise<void> {
  const store = await open('memory:', { ...quiet, ...options });
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

describe('bytes', () => {
  it('takes strings as their UTF-8', () =>
    withStore(async (store) => {
      await store.put('köy', 'größe');
      expect(await store.get(Buffer.from('köy'))).toEqual(new Uint8Array(Buffer.from('größe')));
    }));

  it('refuses lone surrogates, other types and oversized keys wherever bytes are taken', () =>
    withStore(async (store) => {
      const tooLong = new Uint8Array(65_536);
      for (const bad of [
        '\ud800',
        'a\udc00b',
        7,
        null,
        undefined,
        [1],
        tooLong,
        'x'.repeat(65_536),
      ] as never[]) {
        const calls: (() => unknown)[] = [
          () => store.put(bad, 'v'),
          () => store.del(bad),
          () => store.get(bad),
          () => store.getMany(['k', bad]),
          () => store.peek(bad),
          () => store.history(bad),
          () => store.write([{ type: 'deleteRange', start: bad, end: 'z' }]),
        ];
        if (bad !== undefined)
          calls.push(
            () => store.scan({ gte: bad }),
            () => store.scan({ prefix: bad }),
          );
        for (const call of calls)
          expect([call.toString(), await codeOf(call)]).toEqual([call.toString(), 'CLORTHO_INVALID']);
      }
      for (const bad of ['\ud800', 7, null, undefined] as never[]) {
        expect(await codeOf(() => store.put('k', bad))).toBe('CLORTHO_INVALID');
      }
      expect(await rowsOf(store.scan())).toEqual([]);
    }));

  it('takes the empty key, the empty value and a key of 65,535 bytes', () =>
    withStore(async (store) => {
      const longest = new Uint8Array(65_535).fill(0xff);
      await store.write([
        { type: 'put', key: '', value: 'empty' },
        { type: 'put', key: 'k', value: '' },
        { type: 'put', key: longest, value: 'longest' },
      ]);
      expect(text(await store.get(''))).toBe('empty');
      expect(await store.get('k')).toEqual(new Uint8Array(0));
      expect(text(await store.get(longest))).toBe('longest');
      await store.compact();
      expect((await store.getMany(['', 'k', longest])).map(text)).toEqual(['empty', '', 'longest']);
      expect(await rowsOf(store.scan({ limit: 2 }))).toEqual(['=empty', 'k=']);
      await store.del('');
      expect(await store.get('')).toBeUndefined();
    }));

  it('takes a value of 64 MiB and refuses one byte more', () =>
    withStore(
      async (store) => {
        const largest = new Uint8Array(64 * 1024 * 1024 + 1);
        largest[largest.length - 2] = 7;
        expect(await codeOf(() => store.put('k', largest))).toBe('CLORTHO_INVALID');
        await store.put('k', largest.subarray(0, -1));
        const found = (await store.get('k')) as Uint8Array;
        expect([found.length, found.at(-1)]).toEqual([largest.length - 1, 7]);
      },
      { families: { default: { codec: 'none' } } },
    ));

  it('copies inputs before the call returns', () =>
    withStore(async (store) => {
      for (const of of [
        (bytes: string) => new TextEncoder().encode(bytes),
        (bytes: string) => Buffer.from(bytes),
      ]) {
        const [key, value, start, end] = [of('key'), of('value'), of('a'), of('b')];
        const spoil = (): void => {
          for (const bytes of [key, value, start, end]) bytes.fill(0x7a);
        };
        const batch: Operation[] = [
          { type: 'deleteRange', start, end },
          { type: 'put', key, value },
        ];
        const writing = store.write(batch);
        batch.length = 0;
        spoil();
        await writing;
        expect(await rowsOf(store.scan())).toEqual(['key=value']);

        key.set(of('key'));
        start.set(of('a'));
        const latest = { atLeast: 'latest' } as const;
        const [got, many, scan, history] = [
          store.get(key, latest),
          store.getMany([key], latest),
          store.scan({ gte: start, lte: key }),
          store.history(key),
        ];
        spoil();
        expect(text(await got)).toBe('value');
        expect((await many).map(text)).toEqual(['value']);
        expect(await rowsOf(scan)).toEqual(['key=value']);
        expect((await history.next()).value).toMatchObject({ kind: 'put' });
      }
    }));

  it('gives results that the caller may change without changing later reads', () =>
    withStore(
      async (store) => {
        const put = { type: 'put', key: 'key', value: 'value' } as const;
        await store.write([put, { ...put, family: 'greatest' }]);
        await store.family('greatest').merge('key', 'valuf');
        const spoilAll = async (family: string): Promise<void> => {
          const snapshot = await store.snapshot();
          const found = [await store.get('key', { family }), store.peek('key', { family })];
          found.push(...(await store.getMany(['key'], { family })), await snapshot.get('key', { family }));
          for await (const { key, value } of store.scan({ family })) found.push(key, value);
          for await (const { key, value } of snapshot.scan({ family })) found.push(key, value);
          for await (const { value } of store.history('key', { family })) found.push(value);
          for (const bytes of found) (bytes as Uint8Array).fill(0);
          await snapshot.close();
        };
        for (const compacted of [false, true]) {
          if (compacted) await store.compact();
          for (const [family, value] of [
            ['default', 'value'],
            ['greatest', 'valuf'],
          ] as const) {
            await spoilAll(family);
            expect(text(await store.get('key', { family }))).toBe(value);
            expect(await rowsOf(store.scan({ family }))).toEqual([`key=${value}`]);
          }
        }
      },
      { families: { greatest: { merge: 'max' } } },
    ));
});

describe('a batch', () => {
  it('is refused whole when it is empty or one operation is malformed', async () => {
    const backends = newBackends();
    await withStore(async (store) => {
      const before = await contentsOf(backends);
      const fine: Operation = { type: 'put', key: 'k', value: 'v' };
      const malformed = [
        [],
        'batch',
        undefined,
        [fine, undefined],
        [fine, { type: 'upsert', key: 'k', value: 'v' }],
        [fine, { type: 'put', key: 'k', value: 'v', family: 'unknown' }],
        [fine, { type: 'merge', key: 'k', value: 'v' }],
        [fine, { type: 'deleteRange', start: 'b', end: 'a' }],
        [fine, { type: 'put', value: 'v' }],
      ] as unknown as Operation[][];
      for (const batch of malformed) {
        expect([batch, await codeOf(() => store.write(batch))]).toEqual([batch, 'CLORTHO_INVALID']);
      }
      expect(await contentsOf(backends)).toEqual(before);
    }, backends);
  });

  it('applies in order and has one timestamp', () =>
    withStore(
      async (store) => {
        const { timestamp } = await store.write([
          { type: 'put', key: 'a', value: '1' },
          { type: 'put', key: 'b', value: '1' },
          { type: 'deleteRange', start: 'a', end: 'z' },
          { type: 'put', key: 'c', value: '2' },
          { type: 'merge', key: 'c', value: '3' },
          { type: 'merge', key: 'b', value: '4' },
          { type: 'del', key: 'd' },
          { type: 'merge', key: 'd', value: '5' },
          { type: 'put', key: 'e', value: '6' },
          { type: 'del', key: 'e' },
        ]);
        const found: unknown[] = [];
        for await (const row of store.scan()) found.push([text(row.key), text(row.value), row.timestamp]);
        expect(found).toEqual([
          ['b', '4', timestamp],
          ['c', '23', timestamp],
          ['d', '5', timestamp],
        ]);
      },
      { families: { default: { merge: 'append' } } },
    ));

  it('accepts a range delete of nothing', () =>
    withStore(async (store) => {
      await store.put('k', 'v');
      await store.write([{ type: 'deleteRange', start: 'k', end: 'k' }]);
      expect(text(await store.get('k'))).toBe('v');
    }));

  it('clips range deletes to shards and covers all of them', () =>
    withStore(
      async (store) => {
        for (const key of ['a', 'b', 'c', 'd', 'e']) await store.put(key, key);
        await store.write([{ type: 'deleteRange', start: 'b', end: 'd\0' }]);
        expect(await rowsOf(store.scan())).toEqual(['a=a', 'e=e']);
        await store.compact();
        expect(await rowsOf(store.scan())).toEqual(['a=a', 'e=e']);
      },
      { shards: ['c', 'd'] },
    ));
});

describe('a conditional put', () => {
  it('holds ifAbsent and ifVersion', () =>
    withStore(async (store) => {
      const first = await store.put('k', '1', { ifAbsent: true });
      expect(await codeOf(() => store.put('k', '2', { ifAbsent: true }))).toBe('CLORTHO_CONFLICT');
      const second = await store.put('k', '2', { ifVersion: first.timestamp });
      expect(await codeOf(() => store.put('k', '3', { ifVersion: first.timestamp }))).toBe(
        'CLORTHO_CONFLICT',
      );
      expect(text(await store.get('k'))).toBe('2');
      await store.del('k');
      expect(await codeOf(() => store.put('k', '4', { ifVersion: second.timestamp }))).toBe(
        'CLORTHO_CONFLICT',
      );
      await store.put('k', '5', { ifAbsent: true });
      expect(text(await store.get('k'))).toBe('5');
    }));

  it('refuses both conditions together and malformed ones', () =>
    withStore(async (store) => {
      expect(await codeOf(() => store.put('k', 'v', { ifAbsent: true, ifVersion: 1 }))).toBe(
        'CLORTHO_INVALID',
      );
      expect(await codeOf(() => store.put('k', 'v', { ifVersion: 1.5 }))).toBe('CLORTHO_INVALID');
      expect(await store.get('k')).toBeUndefined();
    }));

  it('judges by the newest state, not by an old view of it', async () => {
    const backends = newBackends();
    const options = { ...quiet, ...backends, refreshMs: 3_600_000 };
    const [left, right] = [await open('memory:', options), await open('memory:', options)];
    const { timestamp } = await left.put('k', '1');
    await right.put('k', '2', { ifVersion: timestamp });
    await left.del('other');
    await left.del('k');
    await right.put('k', '3', { ifAbsent: true });
    expect(text(await left.get('k', { atLeast: 'latest' }))).toBe('3');
    await Promise.all([left.close(), right.close()]);
  });

  it('is won by exactly one of many handles that race', async () => {
    const backends = newBackends();
    const options = { ...quiet, ...backends };
    const stores = await Promise.all([1, 2, 3].map(() => open('memory:', options)));
    const attempts = stores.flatMap((store, index) =>
      [0, 1, 2].map((turn) => codeOf(() => store.put('k', `${index}${turn}`, { ifAbsent: true }))),
    );
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codes.filter((code) => code === 'CLORTHO_CONFLICT')).toHaveLength(8);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('counts without losing an increment when handles race', async () => {
    const backends = newBackends();
    const stores = await Promise.all([1, 2].map(() => open('memory:', { ...quiet, ...backends })));
    const increment = async (store: Store): Promise<void> => {
      for (;;) {
        let version: number | undefined;
        let value = 0;
        for await (const row of store.scan({ gte: 'n', lte: 'n', atLeast: 'latest' })) {
          version = row.timestamp;
          value = Number(text(row.value));
        }
        const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
        if ((await codeOf(() => store.put('n', String(value + 1), condition))) === 'none') return;
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((turn) => increment(stores[turn % 2] as Store)));
    expect(text(await (stores[0] as Store).get('n', { atLeast: 'latest' }))).toBe('10');
    await Promise.all(stores.map((store) => store.close()));
  });
});
