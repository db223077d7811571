/** Opening: modes, contradictions, and stores that cannot be opened. A failed open changes nothing. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord } from '@clortho/manifest';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, parseStoreUrl, SHARDS_MAX } from '../src/index.ts';
import { codeOf, messageOf, text } from './support/answers.ts';
import { type Backends, contentsOf, hookedRegisters, newBackends } from './support/backends.ts';

const quiet = { compaction: 'manual', tuning: { threads: 0 } } as const;
const MIDDLE = Uint8Array.of(0x80);

async function create(options: OpenOptions = {}): Promise<Backends> {
  const backends = newBackends();
  const store = await open('memory:', { ...quiet, ...options, ...backends });
  await store.put('k', 'v', options.time === 'external' ? { timestamp: 10 } : {});
  await store.close();
  return backends;
}

/** Opens in vain; returns the code after asserting that nothing changed. */
async function refuse(backends: Backends, options: OpenOptions): Promise<string> {
  const before = await contentsOf(backends);
  const code = await codeOf(() => open('memory:', { ...quiet, ...options, ...backends }));
  expect(await contentsOf(backends)).toEqual(before);
  return code;
}

/** Changes the bytes of a register. */
async function rewrite(
  backends: Backends,
  key: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const [register] = await backends.registers.read([key]);
  if (register === undefined) throw new Error(`no register ${key}`);
  await backends.registers.compareAndSwap([{ key, expect: register.version, value: change(register.value) }]);
}

describe('open', () => {
  it('creates a missing store by default and with `new`, and finds it again in every mode but `new`', async () => {
    const backends = await create({ create: 'new' });
    for (const mode of ['ifMissing', 'never'] as const) {
      const store = await open('memory:', { ...quiet, create: mode, ...backends });
      expect(text(await store.get('k'))).toBe('v');
      await store.close();
    }
    expect(await refuse(backends, { create: 'new' })).toBe('CLORTHO_INVALID');
  });

  it('throws NOT_FOUND for a missing store with `never` and read-only, and leaves nothing behind', async () => {
    const backends = newBackends();
    expect(await refuse(backends, { create: 'never' })).toBe('CLORTHO_NOT_FOUND');
    expect(await refuse(backends, { readOnly: true })).toBe('CLORTHO_NOT_FOUND');
    const directory = await mkdtemp(join(tmpdir(), 'clortho-open-'));
    const missing = join(directory, 'missing');
    expect(await codeOf(() => open(`file:${missing}`, { create: 'never' }))).toBe('CLORTHO_NOT_FOUND');
    expect(await readdir(directory)).toEqual([]);
    await rm(directory, { recursive: true });
  });

  it('lets exactly one of two processes create with `new`', async () => {
    const backends = newBackends();
    const opened = await Promise.allSettled(
      [1, 2].map(() => open('memory:', { ...quiet, create: 'new', ...backends })),
    );
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
    expect(opened.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('gives two processes that create at once the same store', async () => {
    const backends = newBackends();
    const [left, right] = await Promise.all([
      open('memory:', { ...quiet, ...backends, shards: 2 }),
      open('memory:', { ...quiet, ...backends, shards: 2 }),
    ]);
    expect((await left.stats()).id).toBe((await right.stats()).id);
    const { token } = await left.put('k', 'v');
    expect(text(await right.get('k', { atLeast: token }))).toBe('v');
    await Promise.all([left.close(), right.close()]);
  });

  it('refuses options that contradict what the store remembers', async () => {
    const backends = await create({ shards: [MIDDLE], families: { hits: { merge: 'sum', ttlMs: 1000 } } });
    const contradictions: OpenOptions[] = [
      { time: 'external' },
      { shards: 1 },
      { shards: 3 },
      { shards: [Uint8Array.of(0x81)] },
      { families: { hits: { kind: 'log' } } },
      { families: { hits: { ttlMs: 999 } } },
      { families: { hits: { merge: 'max' } } },
      { families: { hits: { codec: 'none' } } },
      { families: { default: { kind: 'log' } } },
    ];
    for (const options of contradictions) {
      expect([options, await refuse(backends, options)]).toEqual([options, 'CLORTHO_INVALID']);
    }
    const same = await open('memory:', { ...quiet, ...backends, time: 'clock', shards: 2 });
    expect((await same.stats()).shards).toHaveLength(2);
    await same.close();
  });

  it('refuses malformed options of a store that would be created', async () => {
    const malformed = [
      { shards: 0 },
      { shards: 1.5 },
      { shards: SHARDS_MAX + 1 },
      { shards: [''] },
      { shards: ['b', 'a'] },
      { shards: ['a', 'a'] },
      { time: 'wall' },
      { families: { '': {} } },
      { families: { '\ud800': {} } },
      { families: { f: { kind: 'KV' } } },
      { families: { f: { codec: 'brotli' } } },
      { families: { f: { ttlMs: -1 } } },
      { families: { f: { ttlMs: 0.5 } } },
      { families: { f: { merge: 'no such operator' } } },
    ] as unknown as OpenOptions[];
    for (const options of malformed) {
      expect([options, await refuse(newBackends(), options)]).toEqual([options, 'CLORTHO_INVALID']);
    }
  });

  it('creates no family of an open that fails', async () => {
    const backends = await create();
    expect(await refuse(backends, { families: { fine: {}, broken: { ttlMs: -1 } } })).toBe('CLORTHO_INVALID');
    expect(await refuse(backends, { families: { fine: {}, default: { kind: 'log' } } })).toBe(
      'CLORTHO_INVALID',
    );
  });

  it('refuses foreign, damaged, incomplete and newer stores and changes nothing', async () => {
    const damages: [string, string, (bytes: Uint8Array) => Uint8Array][] = [];
    for (const key of ['store', 'map', 'shard/000000/head']) {
      damages.push([key, 'CLORTHO_CORRUPT', () => new TextEncoder().encode('{"not":"ours"}')]);
      damages.push([key, 'CLORTHO_CORRUPT', () => new Uint8Array(0)]);
      damages.push([key, 'CLORTHO_CORRUPT', (bytes) => bytes.subarray(0, bytes.length - 1)]);
      damages.push([key, 'CLORTHO_CORRUPT', (bytes) => flip(bytes, bytes.length - 1)]);
    }
    for (const [key, code, change] of damages) {
      const backends = await create();
      await rewrite(backends, key, change);
      expect([key, await refuse(backends, {})]).toEqual([key, code]);
    }
  });

  it('refuses a store whose records are of a newer version with UNSUPPORTED', async () => {
    for (const key of ['store', 'map', 'shard/000000/head']) {
      const backends = await create();
      await rewrite(backends, key, (bytes) => {
        const magic = text(bytes.subarray(0, 4)) as string;
        return encodeRecord({ magic, version: 99, name: 'newer' }, ['whatever comes later']);
      });
      expect([key, await refuse(backends, {})]).toEqual([key, 'CLORTHO_UNSUPPORTED']);
    }
  });

  it('refuses a head of another store', async () => {
    const [backends, other] = [await create(), await create()];
    const [foreign] = await other.registers.read(['shard/000000/head']);
    await rewrite(backends, 'shard/000000/head', () => (foreign as { value: Uint8Array }).value);
    expect(await refuse(backends, {})).toBe('CLORTHO_CORRUPT');
  });

  it('reports an unreachable backend', async () => {
    const backends = newBackends();
    const registers = hookedRegisters(backends.registers, () => {
      throw Object.assign(new Error('no route'), { code: 'CLORTHO_UNAVAILABLE' });
    });
    expect(await codeOf(() => open('memory:', { ...quiet, ...backends, registers }))).toBe(
      'CLORTHO_UNAVAILABLE',
    );
  });
});

describe('store URLs', () => {
  it('names memory, files and buckets', () => {
    expect(parseStoreUrl('memory:')).toEqual({ kind: 'memory', name: undefined });
    expect(parseStoreUrl('memory:shared')).toEqual({ kind: 'memory', name: 'shared' });
    expect(parseStoreUrl('file:./data')).toEqual({ kind: 'file', directory: './data' });
    expect(parseStoreUrl('file:///var/data')).toEqual({ kind: 'file', directory: '/var/data' });
    expect(parseStoreUrl('s3://bucket/a/b/?registers=dynamodb://table')).toEqual({
      kind: 's3',
      bucket: 'bucket',
      prefix: 'a/b',
      table: 'table',
    });
    expect(parseStoreUrl('s3://bucket')).toMatchObject({ prefix: '', table: undefined });
  });

  it('refuses everything else', async () => {
    for (const url of [
      '',
      'data',
      'file:',
      'http://x',
      's3://',
      's3://b?registers=redis://x',
      's3://b?other=1',
    ]) {
      expect([url, await codeOf(() => open(url))]).toEqual([url, 'CLORTHO_INVALID']);
    }
  });

  it('shares memory:NAME within the process and keeps memory: private', async () => {
    const [left, right] = [await open('memory:url-test', quiet), await open('memory:url-test', quiet)];
    const { token } = await left.put('k', 'v');
    expect(text(await right.get('k', { atLeast: token }))).toBe('v');
    await Promise.all([left.close(), right.close()]);
    const [alone, other] = [await open('memory:', quiet), await open('memory:', quiet)];
    await alone.put('k', 'v');
    expect(await other.get('k', { atLeast: 'latest' })).toBeUndefined();
    await Promise.all([alone.close(), other.close()]);
  });
});

describe('a read-only handle', () => {
  it('refuses every change and makes none', async () => {
    const backends = await create();
    const before = await contentsOf(backends);
    const store = await open('memory:', { ...backends, readOnly: true, families: { new: {} } });
    const changes: (() => unknown)[] = [
      () => store.put('k', 'w'),
      () => store.del('k'),
      () => store.write([{ type: 'del', key: 'k' }]),
      () => store.createFamily('f'),
      () => store.truncateHistory(1),
      () => store.compact(),
      () => store.gc(),
    ];
    for (const change of changes) expect(await codeOf(change)).toBe('CLORTHO_INVALID');
    expect(text(await store.get('k'))).toBe('v');
    expect(await messageOf(() => store.get('k', { asOf: new Date() }))).toMatch(/read-only/);
    await store.close();
    expect(await contentsOf(backends)).toEqual(before);
  });
});

function flip(bytes: Uint8Array, index: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[index] = (changed[index] as number) ^ 1;
  return changed;
}
