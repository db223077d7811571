/** The pool starts the built worker, so this test uses the package as its users do. */

import { ClorthoError, concatBytes, encodeUtf8 } from '@clortho/base';
import {
  appendOperator,
  type CompactionPool,
  compactionPool,
  type MergeIo,
  type MergeJob,
  type MergeOutput,
  type MergeProgress,
  manualStrategy,
} from '@clortho/compaction';
import { MERGE, PUT, type RowKind, Sst } from '@clortho/sst';
import { afterAll, describe, expect, it } from 'vitest';
import { FileStore, rowsOf } from '../file-store.ts';

/** Threads are slow to start: the tests share them. */
const shared = compactionPool({ threads: 2 });
afterAll(() => shared.close());

function filled(): { store: FileStore; job: MergeJob } {
  const store = new FileStore();
  for (const timestamp of [1, 2, 3]) {
    const rows = Array.from({ length: 200 }, (_, index) => ({
      key: encodeUtf8(`key-${String(index).padStart(5, '0')}`),
      timestamp,
      kind: timestamp === 1 ? (PUT as RowKind) : MERGE,
      value: encodeUtf8(`${timestamp}`),
    }));
    store.commit(timestamp, rows);
  }
  const plan = manualStrategy()({ files: store.files, horizon: 3, pins: [], upper: 3 });
  if (plan.kind !== 'merge') throw new Error('expected a merge');
  return { store, job: { plan, operator: 'append', targetFileBytes: 2000, readAheadBytes: 4096 } };
}

async function outputsOf(pool: CompactionPool, store: FileStore, job: MergeJob): Promise<MergeOutput[]> {
  const outputs: MergeOutput[] = [];
  await pool.run(job, { open: store.io.open, emit: (output) => Promise.resolve(void outputs.push(output)) });
  return outputs.map((output) => ({ ...output, chunks: [concatBytes(output.chunks)] }));
}

describe('compactionPool', () => {
  it('gives in a worker what it gives on this thread', async () => {
    const { store, job } = filled();
    const inWorker = await outputsOf(shared, store, job);
    const here = await outputsOf(compactionPool({ threads: 0 }), store, job);
    expect(inWorker.length).toBeGreaterThan(1);
    expect(inWorker).toEqual(here);
    const rows = inWorker.flatMap(({ chunks }) => rowsOf(Sst.openBytes(chunks[0] as Uint8Array).cursor()));
    expect(rows.length).toBe(200);
    expect(rows[199]?.value).toEqual(encodeUtf8('123'));
  });

  it('writes to memory that was given back, here and in a worker, and gives the same', async () => {
    for (const threads of [0, 1]) {
      const pool = compactionPool({ threads });
      const { store, job } = filled();
      const expected = (await outputsOf(pool, store, job)).map(({ chunks }) => chunks[0]);
      for (let round = 0; round < 3; round += 1) {
        const files: Uint8Array[] = [];
        const spent: Uint8Array[] = [];
        const io: MergeIo = {
          open: store.io.open,
          emit: ({ chunks }) => {
            files.push(concatBytes(chunks));
            spent.push(...chunks);
            return Promise.resolve(chunks);
          },
        };
        await pool.run(job, io);
        expect(files).toEqual(expected);
        expect(spent.every(({ length }) => length === 0)).toBe(true);
      }
      await pool.close();
    }
  });

  it('lets merges share a thread: one goes on while another waits for its input', async () => {
    const pool = compactionPool({ threads: 1, mergesPerThread: 2 });
    const [held, other] = [filled(), filled()];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = pool.run(held.job, {
      open: (file) => ({
        read: async (...range) => {
          await gate;
          return held.store.io.open(file).read(...range);
        },
      }),
      emit: () => Promise.resolve(),
    });
    expect((await outputsOf(pool, other.store, other.job)).length).toBeGreaterThan(1);
    release();
    expect((await waiting).rowsWritten).toBe(200);
    await pool.close();
  });

  it('loads operators from modules in the worker, and runs plain functions here', async () => {
    const { store, job } = filled();
    const source = 'export const glue = (older, newer) => Buffer.concat([older, newer]);';
    const module = `data:text/javascript,${encodeURIComponent(source)}`;
    const fromModule = { ...job, operator: { module, export: 'glue', name: 'glue', version: 1 } };
    const plain = { ...job, operator: appendOperator };
    const pool = shared;
    expect(await outputsOf(pool, store, fromModule)).toEqual(await outputsOf(pool, store, plain));
  });

  it('reports progress and runs several merges at a time', async () => {
    const { store, job } = filled();
    const pool = shared;
    const progress: MergeProgress[] = [];
    const emit = (): Promise<void> => Promise.resolve();
    const options = { onProgress: (at: MergeProgress): void => void progress.push(at) };
    const results = await Promise.all(
      [1, 2, 3].map(() => pool.run(job, { open: store.io.open, emit }, options)),
    );
    expect(results.map(({ rowsRead }) => rowsRead)).toEqual([600, 600, 600]);
    expect(progress.length).toBeGreaterThan(2);
  });

  it('rejects with the very error of a read or an emit', async () => {
    const { store, job } = filled();
    const pool = shared;
    const failure = new ClorthoError('CLORTHO_UNAVAILABLE', 'the store is away');
    const emit = (): Promise<void> => Promise.reject(failure);
    await expect(pool.run(job, { open: store.io.open, emit })).rejects.toBe(failure);
    const unreadable = { read: (): Promise<Uint8Array> => Promise.reject(failure) };
    await expect(pool.run(job, { open: () => unreadable, emit })).rejects.toBe(failure);
  });

  it('keeps the code of an error that the worker throws', async () => {
    const { store, job } = filled();
    const pool = shared;
    await expect(pool.run({ ...job, operator: undefined }, store.io)).rejects.toMatchObject({
      code: 'CLORTHO_INVALID',
    });
    const zeros = {
      read: (_: number, length: number): Promise<Uint8Array> => Promise.resolve(new Uint8Array(length)),
    };
    await expect(pool.run(job, { ...store.io, open: () => zeros })).rejects.toMatchObject({
      code: 'CLORTHO_CORRUPT',
    });
  });

  it('aborts a merge that waits for its caller, and goes on with others', async () => {
    const { store, job } = filled();
    const pool = shared;
    const controller = new AbortController();
    const hanging = {
      open: () => ({
        read: (): Promise<Uint8Array> => {
          controller.abort();
          return new Promise(() => undefined);
        },
      }),
      emit: store.io.emit,
    };
    const options = { signal: controller.signal };
    await expect(pool.run(job, hanging, options)).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    await expect(pool.run(job, hanging, options)).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    expect((await outputsOf(pool, store, job)).length).toBeGreaterThan(1);
  });

  it.each([
    ['exits', 'export const bad = () => process.exit(3);'],
    ['runs out of memory', 'const all = []; export const bad = () => { for (;;) all.push([all.length]); };'],
  ])('says that a worker died which %s, and goes on with another', async (_, source) => {
    const { store, job } = filled();
    const pool = compactionPool({ threads: 1, heapMiB: 32 });
    const module = `data:text/javascript,${encodeURIComponent(source)}`;
    const deadly = { ...job, operator: { module, export: 'bad', name: 'bad', version: 1 } };
    const failed = expect(pool.run(deadly, store.io)).rejects;
    await failed.toMatchObject({
      code: 'CLORTHO_UNAVAILABLE',
      message: expect.stringMatching(/worker thread died/),
    });
    expect((await outputsOf(pool, store, job)).length).toBeGreaterThan(1);
    await pool.close();
  });

  it('runs filters that are functions here', async () => {
    const { store, job } = filled();
    const filter = { name: 'none', version: 1, keep: () => false };
    const puts = new FileStore();
    puts.commit(1, [{ key: encodeUtf8('a'), timestamp: 1, kind: PUT, value: encodeUtf8('v') }]);
    const plan = manualStrategy()({ files: puts.files, horizon: 3, pins: [], upper: 3 });
    if (plan.kind !== 'merge') throw new Error('expected a merge');
    expect(await outputsOf(shared, puts, { plan, filter })).toEqual([]);
    expect((await outputsOf(shared, store, job)).length).toBeGreaterThan(1);
  });

  it('refuses work once it is closed', async () => {
    const { store, job } = filled();
    const pool = compactionPool();
    await pool.close();
    await expect(pool.run(job, store.io)).rejects.toMatchObject({ code: 'CLORTHO_CLOSED' });
  });
});
