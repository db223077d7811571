import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sst } from '../../src/reader/sst.ts';
import { PUT, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { writeSstFile } from '../../src/writer/write-sst-file.ts';

const text = new TextEncoder();
const rows: Row[] = Array.from({ length: 5000 }, (_, at) => ({
  key: text.encode(`key ${String(at).padStart(6, '0')}`),
  timestamp: at,
  kind: PUT,
  value: new Uint8Array(200).fill(at),
}));

async function* later(list: readonly Row[]): AsyncGenerator<Row> {
  yield* list;
}

describe('a file that is written to a path', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clortho-sst-'));
    path = join(folder, 'rows.sst');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['an array', rows],
    ['an async iterable', later(rows)],
  ])('from %s has the bytes of the file made in memory', async (_, source) => {
    const progress: number[] = [];
    const onProgress = (bytes: number): void => void progress.push(bytes);
    const summary = await writeSstFile(path, source, { codec: 'none', onProgress });
    const whole = encodeSst(rows, { codec: 'none' });
    expect(summary).toEqual(whole.summary);
    expect(Buffer.compare(await readFile(path), whole.bytes)).toBe(0);
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.at(-1)).toBe(summary.bytes);
    expect(await readdir(folder)).toEqual(['rows.sst']);
  });

  it('is read through its handle', async () => {
    await writeSstFile(path, rows);
    const handle = await open(path);
    try {
      const sst = await Sst.openFile(handle, { name: path });
      expect((await sst.get(text.encode('key 001234')))?.timestamp).toBe(1234);
      let count = 0;
      for await (const _row of sst.scan({ prefix: text.encode('key 0012') })) count += 1;
      expect(count).toBe(100);
      await sst.verify();
    } finally {
      await handle.close();
    }
  });

  it('is not there, and nothing else either, when a row is out of order', async () => {
    await expect(writeSstFile(path, [...rows, ...rows])).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves what was there when its rows fail or it is aborted', async () => {
    await writeFile(path, 'before');
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    const aborted = writeSstFile(path, rows, { codec: 'none', onProgress, signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    const failing = (function* () {
      yield* rows.slice(0, 4000);
      throw new Error('no more rows');
    })();
    await expect(writeSstFile(path, failing)).rejects.toThrow('no more rows');
    expect(await readdir(folder)).toEqual(['rows.sst']);
    expect(await readFile(path, 'utf8')).toBe('before');
  });
});

describe('a writer', () => {
  it('keeps nothing of the arrays it is given, Buffers included', () => {
    const key = Buffer.from('key');
    const value = Buffer.from('value');
    const [start, end] = [Buffer.from('a'), Buffer.from('b')];
    const range = { start, end, timestamp: 1 };
    const expected = encodeSst([{ key, timestamp: 1, kind: PUT, value }], { rangeDeletes: [range] }).bytes;
    const given = [{ key, timestamp: 1, kind: PUT, value } as const];
    const { bytes, summary } = encodeSst(
      (function* () {
        yield* given;
        key.fill(0);
        value.fill(0);
      })(),
      {
        rangeDeletes: (function* () {
          yield range;
          start.fill(0);
          end.fill(0);
        })(),
      },
    );
    expect(bytes).toEqual(expected);
    expect(Buffer.from(summary.minKey).toString()).toBe('a');
  });
});
