import { compareBytes, concatBytes, decodeUtf8, encodeUtf8 } from '@clortho/base';
import { type MinMax, NEVER, PUT, type Row, Sst } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  executeMerge,
  type MergeOutput,
  type MergePlan,
  type MergeProgress,
  manualStrategy,
  type Plan,
} from '../../src/index.ts';
import { FileStore, rowsOf } from '../file-store.ts';

function put(key: string, timestamp: number, value = key): Row {
  return { key: encodeUtf8(key), timestamp, kind: PUT, value: encodeUtf8(value) };
}

function keyOf(number: number): string {
  return `key-${String(number).padStart(5, '0')}`;
}

function filled(commits: number, keys: number): FileStore {
  const store = new FileStore();
  for (let timestamp = 1; timestamp <= commits; timestamp += 1) {
    const rows = Array.from({ length: keys }, (_, index) => put(keyOf(index), timestamp));
    store.commit(timestamp, rows);
  }
  return store;
}

function mergePlan(plan: Plan): MergePlan {
  if (plan.kind !== 'merge') throw new Error(`expected a merge: ${plan.kind}`);
  return plan;
}

function planOf(store: FileStore): MergePlan {
  return mergePlan(manualStrategy()({ files: store.files, horizon: -1, pins: [], upper: 100 }));
}

function outputsInto(outputs: MergeOutput[], store: FileStore): Parameters<typeof executeMerge>[1] {
  return { open: store.io.open, emit: (output) => Promise.resolve(void outputs.push(output)) };
}

describe('executeMerge', () => {
  it('splits outputs between keys and states their facts', async () => {
    const store = filled(3, 400);
    const outputs: MergeOutput[] = [];
    const progress: MergeProgress[] = [];
    const job = {
      plan: planOf(store),
      targetFileBytes: 3000,
      writer: { blockBytes: 500, codec: 'none' as const },
    };
    const options = { onProgress: (at: MergeProgress) => void progress.push(at) };
    const result = await executeMerge(job, outputsInto(outputs, store), options);

    const current = outputs.filter(({ file }) => file.tier === 'current').map(({ file }) => file);
    expect(current.length).toBeGreaterThan(2);
    current.slice(1).forEach((file, index) => {
      const upper = current[index]?.upper as Uint8Array;
      expect(compareBytes(upper, file.lower)).toBeLessThanOrEqual(0);
    });
    for (const { file, summary, chunks } of outputs) {
      const sst = Sst.openBytes(concatBytes(chunks));
      expect(sst.summary).toEqual(summary);
      expect(rowsOf(sst.cursor()).length).toBe(file.rows);
      expect(file.bytes).toBe(concatBytes(chunks).length);
      expect(file.bytes).toBeLessThan(6000);
    }
    expect(result.outputs.map(({ ordinal }) => ordinal)).toEqual(outputs.map((_, index) => index));
    expect(result).toMatchObject({ rowsRead: 1200, rowsWritten: 1200 });
    expect(progress.at(-1)).toEqual({ rowsRead: 1200, rowsTotal: 1200, bytesWritten: result.bytesWritten });
    const history = outputs.filter(({ file }) => file.tier === 'history');
    expect(history.map(({ file }) => file.maxEndTimestamp)).not.toContain(NEVER);
  });

  it('goes on while an output is handed over, one at a time', async () => {
    const store = filled(3, 400);
    const job = { plan: planOf(store), targetFileBytes: 3000, writer: { blockBytes: 500 } };
    let open = 0;
    let openMost = 0;
    let readBeside = 0;
    const emitted: number[] = [];
    const source: typeof store.io.open = (file) => ({
      read: async (...range) => {
        if (open > 0) readBeside += 1;
        return store.io.open(file).read(...range);
      },
    });
    const emit = async ({ ordinal }: MergeOutput): Promise<void> => {
      open += 1;
      openMost = Math.max(openMost, open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      emitted.push(ordinal);
    };
    const result = await executeMerge({ ...job, readAheadBytes: 1000 }, { open: source, emit });
    expect(openMost).toBe(1);
    expect(readBeside).toBeGreaterThan(0);
    expect(emitted).toEqual(result.outputs.map(({ ordinal }) => ordinal));
  });

  it('ends with the failure of an output, and leaves nothing under way', async () => {
    const store = filled(3, 400);
    const job = { plan: planOf(store), targetFileBytes: 3000, writer: { blockBytes: 500 } };
    for (const failing of [0, 2]) {
      let open = 0;
      const emit = async ({ ordinal }: MergeOutput): Promise<void> => {
        open += 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
        open -= 1;
        if (ordinal === failing) throw new Error(`no room for ${ordinal}`);
      };
      const merge = executeMerge(job, { open: store.io.open, emit });
      await expect(merge).rejects.toThrow(`no room for ${failing}`);
      expect(open).toBe(0);
    }
  });

  it('ends files at the fences and keeps what is newest, whether keys are alone or have versions', async () => {
    const keyNumbers = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(
        fc.array(keyNumbers, { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(fc.nat(60), { maxLength: 5 }),
        fc.constantFrom(1, 150, 100_000),
        fc.constantFrom(1, 400, 100_000),
        async (runs, fenceNumbers, blockBytes, targetFileBytes) => {
          const store = new FileStore();
          const expected = new Map<string, number>();
          runs.forEach((numbers, index) => {
            const keys = numbers.toSorted((left, right) => left - right).map(keyOf);
            for (const key of keys) expected.set(key, index + 1);
            store.commit(
              index + 1,
              keys.map((key) => put(key, index + 1)),
              [],
              100_000,
            );
          });
          const fences = fenceNumbers
            .toSorted((left, right) => left - right)
            .map((one) => encodeUtf8(keyOf(one)));
          const plan: MergePlan = { ...planOf(store), readable: { horizon: 100, pins: [] }, fences };
          const outputs: MergeOutput[] = [];
          const job = { plan, targetFileBytes, writer: { blockBytes } };
          await executeMerge(job, outputsInto(outputs, store));
          for (const { file } of outputs) {
            const { lower, upper } = file;
            const crossed = fences.filter(
              (fence) => compareBytes(lower, fence) < 0 && compareBytes(fence, upper as Uint8Array) < 0,
            );
            expect(crossed.map(decodeUtf8)).toEqual([]);
          }
          const rows = outputs.flatMap(({ chunks }) => rowsOf(Sst.openBytes(concatBytes(chunks)).cursor()));
          const found = rows.map(({ key, timestamp }) => [decodeUtf8(key), timestamp]);
          expect(found).toEqual([...expected].toSorted(([left], [right]) => (left < right ? -1 : 1)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps range deletes beside the rows in delta, cut at the same keys', async () => {
    const store = filled(1, 300);
    const range = { start: encodeUtf8('key-00050'), end: encodeUtf8('key-00299'), timestamp: 2 };
    store.commit(2, [put('key-00299', 2)], [range]);
    const plan: MergePlan = { ...planOf(store), output: 'delta', level: 1 };
    const outputs: MergeOutput[] = [];
    const writer = { blockBytes: 200, codec: 'none' as const };
    await executeMerge({ plan, targetFileBytes: 2500, writer }, outputsInto(outputs, store));
    expect(outputs.length).toBeGreaterThan(2);
    const pieces = outputs.flatMap(({ chunks }) => Sst.openBytes(concatBytes(chunks)).rangeDeletes);
    expect(pieces[0]?.start).toEqual(range.start);
    expect(pieces.at(-1)?.end).toEqual(range.end);
    pieces.slice(1).forEach((piece, index) => expect(piece.start).toEqual(pieces[index]?.end));
    expect(outputs.at(-1)?.file.upper).toEqual(encodeUtf8('key-00299\0'));
    expect(outputs.every(({ file }) => file.run === 2 && file.level === 1 && file.tier === 'delta')).toBe(
      true,
    );
  });

  it('gives different salts to its outputs, the same ones every time', async () => {
    const bytesOf = async (salt: number): Promise<Uint8Array[]> => {
      const store = filled(2, 50);
      const outputs: MergeOutput[] = [];
      await executeMerge({ plan: planOf(store), targetFileBytes: 1000, salt }, outputsInto(outputs, store));
      return outputs.map(({ chunks }) => concatBytes(chunks));
    };
    expect(await bytesOf(7)).toEqual(await bytesOf(7));
    expect(await bytesOf(7)).not.toEqual(await bytesOf(8));
  });

  it('computes statistics for what it writes', async () => {
    const store = filled(1, 3);
    const outputs: MergeOutput[] = [];
    const collector = {
      type: 'minMax' as const,
      name: 'first',
      column: { type: 'uint8' as const, offset: 4 },
    };
    await executeMerge({ plan: planOf(store), collectors: [collector] }, outputsInto(outputs, store));
    const bytes = outputs[0]?.summary.statistics['first'] as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const range: MinMax = { min: view.getFloat64(0, true), max: view.getFloat64(8, true) };
    expect(range).toEqual({ min: 48, max: 48 });
  });

  it('stops within a slice when it is aborted', async () => {
    const store = filled(4, 500);
    const controller = new AbortController();
    let slices = 0;
    const clock = {
      now: () => 0,
      monotonic: () => slices * 10,
      sleep: () => {
        slices += 1;
        if (slices === 3) controller.abort();
        return Promise.resolve();
      },
    };
    const outputs: MergeOutput[] = [];
    const options = { signal: controller.signal, clock, sliceMs: 0 };
    await expect(
      executeMerge({ plan: planOf(store) }, outputsInto(outputs, store), options),
    ).rejects.toMatchObject({
      code: 'CLORTHO_ABORTED',
    });
    expect(slices).toBe(3);
    expect(outputs).toEqual([]);
  });

  it('passes on what its inputs and outputs fail with', async () => {
    const store = filled(1, 10);
    const failure = new Error('no room');
    const job = { plan: planOf(store) };
    const broken = { open: store.io.open, emit: () => Promise.reject(failure) };
    await expect(executeMerge(job, broken)).rejects.toBe(failure);
    const unreadable = { open: () => ({ read: () => Promise.reject(failure) }), emit: store.io.emit };
    await expect(executeMerge(job, unreadable)).rejects.toBe(failure);
  });

  it('refuses operands without their operator', async () => {
    const store = new FileStore();
    store.commit(1, [put('a', 1)]);
    store.commit(2, [{ ...put('a', 2), kind: 2 }]);
    await expect(executeMerge({ plan: planOf(store) }, store.io)).rejects.toMatchObject({
      code: 'CLORTHO_INVALID',
    });
  });

  it('writes nothing when nothing is left', async () => {
    const store = new FileStore();
    store.commit(1, [{ ...put('a', 1, ''), kind: 1 }]);
    const result = await executeMerge({ plan: planOf(store) }, store.io);
    expect(result).toMatchObject({ outputs: [], rowsRead: 1, rowsWritten: 0 });
  });
});
