import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@clortho/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileError } from '../../src/file/file-error.ts';
import { fileObjectStore, memoryObjectStore } from '../../src/index.ts';
import { bytesOf, failure, failures, keysOf, temporaryDirectory } from '../fixture.ts';

test('a missing directory is made by the first put, and only with `create`', async () => {
  const directory = join(await temporaryDirectory(), 'a/b');
  const missing = fileObjectStore(directory);
  const calls = [
    () => missing.put('k', bytesOf('v')),
    () => missing.get('k'),
    () => missing.head('k'),
    () => missing.delete(['k']),
    () => keysOf(missing),
  ];
  for (const { message } of await failures(calls, 'CLORTHO_NOT_FOUND')) {
    expect(message).toBe(`no such directory: directory=${directory}`);
  }
  const store = fileObjectStore(directory, { create: true });
  expect(await keysOf(store)).toEqual([]);
  expect(await store.head('k')).toBeUndefined();
  await failure(missing.head('k'), 'CLORTHO_NOT_FOUND');
  await store.put('k', bytesOf('v'));
  expect(await missing.get('k')).toEqual(bytesOf('v'));
});

test('a directory that vanishes is reported or made again', async () => {
  const directory = join(await temporaryDirectory(), 'root');
  const store = fileObjectStore(directory, { create: true });
  const strict = fileObjectStore(directory);
  await store.put('a/b', bytesOf('1'));
  await strict.put('a/c', bytesOf('2'));
  await rm(join(directory, 'a'), { recursive: true });
  await strict.put('a/c', bytesOf('3'));
  expect(await keysOf(store)).toEqual(['a/c']);
  await rm(directory, { recursive: true });
  await failure(strict.put('a/c', bytesOf('4')), 'CLORTHO_NOT_FOUND');
  await store.put('a/b', bytesOf('5'), { ifAbsent: true });
  expect(await strict.get('a/b')).toEqual(bytesOf('5'));
});

test('a file in the place of a directory is a mistake of the caller', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'file'), '');
  for (const root of [join(directory, 'file'), join(directory, 'file/below')]) {
    const store = fileObjectStore(root, { create: true });
    const error = await failure(store.put('k', bytesOf('v')), 'CLORTHO_INVALID');
    expect(error.message).toContain(`directory=${root}`);
  }
});

test('what the system refuses says what to mend', () => {
  const of = (code: string): Error => fileError(Object.assign(new Error(code), { code }), '/data', '/data/k');
  expect(of('EACCES').message).toBe('permission denied: directory=/data path=/data/k');
  expect(of('EROFS').message).toBe('the file system is read-only: directory=/data path=/data/k');
  expect(of('ENOSPC').message).toBe('the disk is full: directory=/data path=/data/k');
  expect(of('EIO')).toMatchObject({ code: 'CLORTHO_UNAVAILABLE', cause: { code: 'EIO' } });
});

test('the first put sweeps what dead processes left, and nothing else', async () => {
  const directory = await temporaryDirectory();
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const host = encodeURIComponent(hostname());
  const litter = [`${dead}~0001~${host}`, `${process.pid}~0002~${host}`, '77~0003~elsewhere'];
  const alive = [`${process.pid}~0004~${host}`, '77~0005~elsewhere', 'foreign'];
  await mkdir(join(directory, '.tmp'));
  for (const name of [...litter, ...alive]) await writeFile(join(directory, '.tmp', name), 'half');
  const yesterday = systemClock.now() / 1e6 - 25 * 60 * 60;
  for (const name of litter.slice(1)) await utimes(join(directory, '.tmp', name), yesterday, yesterday);
  const store = fileObjectStore(directory);
  await store.put('k', bytesOf('v'), { ifAbsent: true });
  expect((await readdir(join(directory, '.tmp'))).sort()).toEqual(alive.sort());
  expect(await keysOf(store)).toEqual(['k']);
});

test('puts leave no temporary files, whether they win, lose or are aborted', async () => {
  const directory = await temporaryDirectory();
  const store = fileObjectStore(directory);
  await store.put('k', bytesOf('v'), { ifAbsent: true });
  await failure(store.put('k', bytesOf('w'), { ifAbsent: true }), 'CLORTHO_CONFLICT');
  const abort = new AbortController();
  const aborted = store.put('aborted', bytesOf('w'), { signal: abort.signal });
  abort.abort();
  await failure(aborted, 'CLORTHO_ABORTED');
  expect(await readdir(join(directory, '.tmp'))).toEqual([]);
  expect(await keysOf(store)).toEqual(['k']);
});

test('two stores on one directory never overwrite each other with ifAbsent', async () => {
  const directory = await temporaryDirectory();
  const left = fileObjectStore(directory);
  const right = fileObjectStore(directory);
  for (let round = 0; round < 30; round += 1) {
    const writes = Array.from({ length: 8 }, (_, writer) =>
      (writer % 2 === 0 ? left : right).put(`d/${round}`, bytesOf(`writer ${writer}`), { ifAbsent: true }),
    );
    const outcomes = await Promise.allSettled(writes);
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(await left.get(`d/${round}`)).toEqual(bytesOf(`writer ${winner}`));
  }
});

test('foreign files are neither listed nor harmed', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'notes.txt'), '');
  await mkdir(join(directory, 'lost+found'));
  await mkdir(join(directory, 'k.blob'));
  const store = fileObjectStore(directory);
  await store.put('a/b', bytesOf('v'));
  expect(await keysOf(store)).toEqual(['a/b']);
  expect((await readdir(directory)).sort()).toEqual(['.tmp', 'a', 'k.blob', 'lost+found', 'notes.txt']);
});

test('behaves as the store in memory does', async () => {
  const part = fc.constantFrom(
    'a',
    'a-',
    'b',
    'a.blob',
    '😀',
    '\uff5e',
    'k'.repeat(198),
    `${'k'.repeat(198)}/x`,
  );
  const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const bound = fc.oneof(
    fc.constant(''),
    key,
    key.map((text) => text.slice(0, -1).toWellFormed()),
  );
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), key, ifAbsent: fc.boolean() }),
    fc.record({ kind: fc.constant('delete' as const), keys: fc.array(key, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('list' as const), prefix: bound, after: bound }),
    fc.record({ kind: fc.constant('get' as const), key }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      const directory = await temporaryDirectory();
      const stores = [memoryObjectStore(), fileObjectStore(directory, { create: true })];
      for (const [index, asked] of operations.entries()) {
        const [expected, actual] = await Promise.all(
          stores.map(async (store) => {
            try {
              if (asked.kind === 'put') return await store.put(asked.key, bytesOf(`${index}`), asked);
              if (asked.kind === 'delete') return await store.delete(asked.keys);
              if (asked.kind === 'list') return await keysOf(store, asked.prefix, asked.after);
              return await store.get(asked.key);
            } catch (error) {
              return (error as { code: string }).code;
            }
          }),
        );
        expect(actual).toEqual(expected);
      }
    }),
    { numRuns: 60 },
  );
});
