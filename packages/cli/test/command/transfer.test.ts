import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type Store } from '@clortho/engine';
import { describe, expect, test } from 'vitest';
import { exportFile, exportSsts } from '../../src/transfer/export-store.ts';
import { importRows } from '../../src/transfer/import-store.ts';
import { checkExport } from '../../src/transfer/read-export.ts';
import { LineSealer } from '../../src/transfer/sealed-lines.ts';
import { clortho, jsonOf, withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';

/** Keys and values of all kinds, binary ones among them. */
const KEYS = [
  '',
  'a',
  'b c',
  'ü',
  '\u2028',
  '"',
  Uint8Array.of(0),
  Uint8Array.of(0xff, 0, 0xc3),
  Uint8Array.of(0xed, 0xa0, 0x80),
];

/** Makes a store with external time: five rounds of commits, family `side` has a sum. */
async function make(url: string): Promise<void> {
  const store = await open(url, {
    time: 'external',
    compaction: 'manual',
    shards: ['b'],
    families: {
      side: { merge: 'append', ttlMs: 3_600_000 },
      log: { kind: 'log', log: { windowMs: 1000 } },
      kept: { retention: { keepMs: 5000, since: 3, versions: 2 }, forgetTimestamps: true },
    },
  });
  for (let round = 1; round <= 5; round += 1) {
    await store.write(
      KEYS.flatMap((key, index) => [
        { type: 'put', key, value: Uint8Array.of(round, 0xff, index) } as const,
        { type: 'merge', family: 'side', key, value: `${round}` } as const,
        { type: 'put', family: 'log', key: `${round}/${index}`, value: 'line' } as const,
      ]),
      { timestamp: round * 100 },
    );
  }
  await store.del('a', { timestamp: 600 });
  await store.close();
}

/** All rows of all families, in hexadecimal. */
async function contents(url: string, asOf?: number): Promise<Record<string, string[]>> {
  const store = await open(url, { readOnly: true });
  const rows: Record<string, string[]> = {};
  for (const { name } of (await store.stats()).families) {
    rows[name] = [];
    for await (const { key, value } of store.scan({ family: name, asOf }))
      rows[name]?.push(`${Buffer.from(key).toString('hex')}=${Buffer.from(value).toString('hex')}`);
  }
  await store.close();
  return rows;
}

/** Calls `use` with a directory that has a store in it. */
function withStore(use: (directory: string, url: string) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    const url = `file:${join(directory, 'from')}`;
    await mkdir(join(directory, 'from'));
    await make(url);
    await use(directory, url);
  });
}

describe.each(['ndjson', 'sst'])('an export as %s', (format) => {
  test('comes back as it was, in a new store with the same families', () =>
    withStore(async (directory, url) => {
      const [target, copy] = [join(directory, 'out'), `file:${join(directory, 'to')}`];
      const exported = await call(['export', target, '--format', format, '--url', url, '--json']);
      expect(exported).toMatchObject({ code: 0, error: '' });
      expect(jsonOf(exported)).toMatchObject({ asOf: 600, families: 4, rows: 8 + 9 + 45 });
      await mkdir(join(directory, 'to'));
      const imported = await call(['import', target, '--url', copy, '--batch', '7', '--json']);
      expect(imported).toMatchObject({ code: 0, error: '' });
      expect(jsonOf(imported)).toEqual({ rows: 62 });
      expect(await contents(copy)).toEqual(await contents(url));
      const [before, after] = await Promise.all(
        [url, copy].map(async (one) => {
          const store = await open(one, { readOnly: true });
          const { families, time } = await store.stats();
          await store.close();
          return { families, time };
        }),
      );
      expect(after).toEqual(before);
    }));

  test('is of one moment, and may be of one family that gets another name', () =>
    withStore(async (directory, url) => {
      const target = join(directory, 'out');
      const some = ['--family', 'side', '--as-of', '250'];
      expect((await call(['export', target, '--format', format, '--url', url, ...some])).code).toBe(0);
      const copy = `file:${join(directory, 'to')}`;
      await call(['create', '--url', copy]);
      const past = await contents(url, 250);
      expect((await call(['import', target, '--url', copy, '--into', 'past'])).code).toBe(0);
      expect(await contents(copy)).toEqual({ default: [], past: past['side'] });
    }));

  test('is refused with any part damaged, cut or missing, and nothing is written', () =>
    withStore(async (directory, url) => {
      const target = join(directory, 'out');
      await call(['export', target, '--format', format, '--url', url]);
      const files = format === 'sst' ? (await readdir(target)).map((name) => join(target, name)) : [target];
      const copy = `file:${join(directory, 'to')}`;
      const refused = async (codes: RegExp): Promise<void> => {
        const { code, out, error } = await call(['import', target, '--url', copy]);
        expect(error).toMatch(codes);
        expect(error.trimEnd().split('\n')).toHaveLength(1);
        expect({ code: code > 0, out }).toEqual({ code: true, out: '' });
      };
      for (const file of files) {
        const bytes = await readFile(file);
        for (let at = 3; at < bytes.length; at += Math.ceil(bytes.length / 23)) {
          await writeFile(
            file,
            bytes.map((byte, index) => (index === at ? byte ^ 4 : byte)),
          );
          await refused(/\(CLORTHO_(?:CORRUPT|INVALID|UNSUPPORTED)\)$/m);
        }
        for (const length of [0, 10, bytes.length >> 1, bytes.length - 2]) {
          await writeFile(file, bytes.subarray(0, length));
          await refused(/\(CLORTHO_(?:CORRUPT|INVALID)\)$/m);
        }
        await rm(file);
        await refused(/\(CLORTHO_(?:CORRUPT|NOT_FOUND)\)$/m);
        await writeFile(file, bytes);
      }
      expect((await call(['stats', '--url', copy])).code).toBe(3);
      expect((await call(['import', target, '--url', copy])).code).toBe(0);
    }));
});

test('files of an export that were put in each other’s place are found', () =>
  withStore(async (directory, url) => {
    const target = join(directory, 'out');
    const store = await open(url, { readOnly: false, compaction: 'manual' });
    const { files } = await exportSsts(store, target, { fileBytes: 20 });
    expect(files).toBeGreaterThan(10);
    expect(await checkExport(target)).toMatchObject({ rows: 62 });
    const [left, right] = ['000002.sst', '000003.sst'].map((name) => join(target, name)) as [string, string];
    await rename(left, join(directory, 'other'));
    await rename(right, left);
    await rename(join(directory, 'other'), right);
    await expect(checkExport(target)).rejects.toMatchObject({
      code: 'CLORTHO_CORRUPT',
      message: 'the export is damaged, the file is another one: file=000002.sst',
    });
    await store.close();
  }));

test('commits are bounded by rows, and go on in an external store from a time that is named', () =>
  withStore(async (directory, url) => {
    await call(['export', join(directory, 'out'), '--family', 'log', '--url', url]);
    const store = await open('memory:', { time: 'external', compaction: 'manual' });
    const checked = await checkExport(join(directory, 'out'));
    const heard: number[] = [];
    const options = { batchRows: 20, timestamp: 5000, onProgress: (rows: number) => heard.push(rows) };
    expect(await importRows(store, checked, options)).toBe(45);
    expect(heard).toEqual([20, 40, 45]);
    expect(await timesOf(store)).toEqual([5000, 5001, 5002]);
    await store.close();
  }));

async function timesOf(store: Store): Promise<number[]> {
  const times = new Set<number>();
  for await (const { timestamp } of store.scan({ family: 'log' })) times.add(timestamp);
  return [...times];
}

test('bad calls are refused in one line', () =>
  withStore(async (directory, url) => {
    const target = join(directory, 'out');
    await call(['export', target, '--url', url]);
    const sealed = (...values: unknown[]): string => {
      const sealer = new LineSealer();
      return values.map((value) => sealer.add(value)).join('') + sealer.seal();
    };
    await writeFile(join(directory, 'later'), sealed({ format: 'clortho-export', version: 2 }));
    await writeFile(join(directory, 'other'), sealed({ rows: [] }));
    const cases: readonly [parameters: readonly string[], code: number, error: RegExp][] = [
      [['export', target, '--url', url], 2, /^clortho: the file exists already: .* \(CLORTHO_INVALID\)\n$/],
      [['export', directory, '--format', 'sst', '--url', url], 2, /the directory is not empty/],
      [['export', '-', '--format', 'sst', '--url', url], 2, /not to standard output/],
      [['export', `${target}2`, '--family', 'none', '--url', url], 2, /no such family.* \(CLORTHO_INVALID\)/],
      [['export', `${target}2`, '--as-of', '999', '--url', url], 2, /asOf lies beyond/],
      [
        ['import', target, '--family', 'none', '--url', url],
        2,
        /no such family: .*family=none has=default, side, log/,
      ],
      [['import', target, '--family', 'none', '--url', `file:${join(directory, 'to')}`], 2, /no such family/],
      [['import', target, '--into', 'one', '--url', url], 2, /name one with --family/],
      [['import', join(directory, 'later'), '--url', url], 1, /another version: .* version=2 .*UNSUPPORTED/],
      [['import', join(directory, 'other'), '--url', url], 2, /not an export/],
      [['import', join(directory, 'nothing'), '--url', url], 3, /there is no export/],
      [['import', directory, '--url', url], 3, /there is no export/],
    ];
    for (const [parameters, code, error] of cases) {
      const found = await call(parameters);
      expect(found).toMatchObject({ code, out: '', error: expect.stringMatching(error) });
    }
    expect(await readdir(directory)).toEqual(['from', 'later', 'other', 'out']);
  }));

test('a family that needs code of its own is made by its owner, and takes rows then', () =>
  withDirectory(async (directory) => {
    const longest = {
      name: 'longest',
      version: 3,
      merge: (older: Uint8Array, newer: Uint8Array) => (newer.length > older.length ? newer : older),
    };
    const families = { own: { merge: longest } };
    const store = await open('memory:', { compaction: 'manual', families });
    for (const value of ['aa', 'b']) await store.family('own').merge('k', value);
    await exportFile(store, join(directory, 'out'), { family: 'own' });
    await store.close();
    const checked = await checkExport(join(directory, 'out'));
    const options = { batchRows: 10, onProgress: () => undefined };
    const plain = await open('memory:', { compaction: 'manual' });
    await expect(importRows(plain, checked, options)).rejects.toMatchObject({
      code: 'CLORTHO_UNSUPPORTED',
      message: expect.stringContaining('family=own code=longest v3'),
    });
    await plain.createFamily('own', families.own);
    expect(await importRows(plain, checked, options)).toBe(1);
    expect(await plain.family('own').get('k')).toEqual(new Uint8Array(Buffer.from('aa')));
    await plain.close();
  }));

test('standard output takes an export, and says of it on the error stream', () =>
  withStore(async (directory, url) => {
    const { code, out, error } = await clortho(['export', '-', '--url', url]);
    expect({ code, error }).toEqual({ code: 0, error: '62 rows of 4 families in 1 files, as of 600\n' });
    await writeFile(join(directory, 'piped'), out);
    expect(await checkExport(join(directory, 'piped'))).toMatchObject({ rows: 62 });
  }));

test('the example of FORMAT.md is an export', () =>
  withDirectory(async (directory) => {
    const page = await readFile(new URL('../../FORMAT.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    await writeFile(join(directory, 'example'), example);
    const store = await open('memory:', { time: 'external' });
    const checked = await checkExport(join(directory, 'example'));
    expect(await importRows(store, checked, { batchRows: 1, onProgress: () => undefined })).toBe(1);
    expect(await store.get('k', { asOf: 7 })).toEqual(Uint8Array.of(0xff));
    await store.close();
  }));
