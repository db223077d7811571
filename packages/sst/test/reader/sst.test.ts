import { type Hash64, hashBytes } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { minMax } from '../../src/collector/min-max.ts';
import { Sst } from '../../src/reader/sst.ts';
import { BLOCKED, END, NEVER, PUT, ROW, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { SstWriter } from '../../src/writer/sst-writer.ts';
import { rowAt, textOf } from '../support/rows.ts';
import { mapCache, sourceOf } from '../support/sources.ts';
import { forward, settled } from '../support/walk.ts';

const text = new TextEncoder();

function keyOf(index: number): Uint8Array {
  return text.encode(`key ${String(index).padStart(6, '0')}`);
}

function manyRows(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    key: keyOf(index),
    timestamp: index,
    endTimestamp: NEVER,
    kind: PUT,
    value: Uint8Array.of(index, index >> 8),
  }));
}

const rows = manyRows(2000);
const { bytes, summary } = encodeSst(rows, { blockBytes: 1000 });

describe('cold reads', () => {
  it('take two range reads when the size of the tail is known', async () => {
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, { size: bytes.length, tailBytes: summary.tailBytes });
    const cursor = sst.cursor();
    expect(cursor.seek(keyOf(1234))).toBe(BLOCKED);
    expect(await cursor.load()).toBe(ROW);
    expect(textOf(rowAt(cursor))).toBe(textOf(rows[1234]));
    expect(source.reads).toHaveLength(2);
    expect(source.reads[0]).toEqual({ offset: bytes.length - summary.tailBytes, length: summary.tailBytes });
    expect(source.reads[1]?.length).toBeLessThan(1000);
  });

  it('take one to open a file with a small tail of unknown size, two for a large one', async () => {
    const small = sourceOf(bytes);
    await Sst.open(small, { size: bytes.length });
    expect(small.reads).toHaveLength(1);

    const padded = encodeSst(manyRows(60_000), { filter: { family: 'split-block-bloom', bitsPerKey: 16 } });
    expect(padded.summary.tailBytes).toBeGreaterThan(64 * 1024);
    const large = sourceOf(padded.bytes);
    const sst = await Sst.open(large, { size: padded.bytes.length });
    expect(large.reads).toHaveLength(2);
    expect(sst.summary).toEqual(padded.summary);
  });

  it('find the tail with a wrong guess of its size', async () => {
    for (const tailBytes of [
      1,
      64,
      65,
      summary.tailBytes - 1,
      summary.tailBytes + 1,
      bytes.length,
      10 ** 9,
    ]) {
      const sst = await Sst.open(sourceOf(bytes), { size: bytes.length, tailBytes });
      expect(sst.summary).toEqual(summary);
    }
  });

  it('refuse a wrong size', async () => {
    for (const size of [bytes.length - 1, bytes.length + 1, 63, 0]) {
      await expect(Sst.open(sourceOf(bytes), { size })).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    }
  });
});

describe('the cache', () => {
  it('is asked first and keeps what was loaded, by file and block', async () => {
    const cache = mapCache();
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, {
      size: bytes.length,
      tailBytes: summary.tailBytes,
      cache: { cache, file: 3 },
    });
    const cursor = sst.cursor();
    await settled(cursor, cursor.seek(keyOf(500)));
    expect(source.reads).toHaveLength(2);
    expect(cursor.seek(keyOf(500))).toBe(ROW);
    const other = sst.cursor();
    expect(other.seek(keyOf(500))).toBe(ROW);
    expect(source.reads).toHaveLength(2);
    const [key] = cache.blocks.keys();
    const ordinal = sst
      .blockTable()
      .findLastIndex((block) => Buffer.compare(block.firstKey, keyOf(500)) <= 0);
    expect(key).toBe(3 * 2 ** 21 + ordinal);
  });

  it('is filled by the bytes just written, so that nothing is read', async () => {
    const cache = mapCache();
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, {
      size: bytes.length,
      tailBytes: summary.tailBytes,
      cache: { cache, file: 0 },
    });
    sst.warm(bytes);
    const cursor = sst.cursor();
    expect(cursor.seekFirst()).toBe(ROW);
    expect((await forward(cursor, ROW)).length).toBe(rows.length);
    expect(source.reads).toHaveLength(1);
    const weights = [...cache.blocks.values()].reduce((sum, block) => sum + block.weight, 0);
    expect(weights).toBeGreaterThan(summary.rawBytes);
  });

  it('that forgets everything still works', async () => {
    const cache = {
      get: () => undefined,
      set: () => undefined,
      load: async <T>(_: number, load: () => Promise<T>) => load(),
    };
    const sst = await Sst.open(sourceOf(bytes), { size: bytes.length, cache: { cache, file: 0 } });
    const cursor = sst.cursor();
    expect(await forward(cursor, cursor.seekFirst())).toEqual(rows.map(textOf));
  });

  it('keeps a shared load when one of its waiters gives up', async () => {
    const cache = mapCache();
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const whole = sourceOf(bytes);
    const source = {
      read: async (offset: number, length: number) => {
        const part = await whole.read(offset, length);
        if (offset + length < bytes.length) await gate;
        return part;
      },
    };
    const sst = await Sst.open(source, { size: bytes.length, cache: { cache, file: 0 } });
    const cursor = sst.cursor();
    expect(cursor.seekFirst()).toBe(BLOCKED);
    const abort = new AbortController();
    const load = cursor.load(abort.signal);
    abort.abort();
    await expect(load).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    finish();
    expect(await cursor.load()).toBe(ROW);
    expect(textOf(rowAt(cursor))).toBe(textOf(rows[0]));
  });
});

describe('reading ahead', () => {
  it('reads many blocks at once and leaves the cache alone', async () => {
    const cache = mapCache();
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, {
      size: bytes.length,
      tailBytes: summary.tailBytes,
      cache: { cache, file: 0 },
    });
    const cursor = sst.cursor({ readAheadBytes: 4096 });
    expect(await forward(cursor, cursor.seekFirst())).toEqual(rows.map(textOf));
    const dataBytes = bytes.length - summary.tailBytes;
    expect(source.reads.length - 1).toBeLessThanOrEqual(Math.ceil(dataBytes / 3000));
    expect(source.reads.length - 1).toBeLessThan(summary.blocks / 4);
    expect(cache.blocks.size).toBe(0);
  });

  describe('through the cache', () => {
    const openGrowing = async (readAheadBytesMax: number) => {
      const cache = mapCache();
      const source = sourceOf(bytes);
      const { tailBytes } = summary;
      const options = { size: bytes.length, tailBytes, cache: { cache, file: 0 }, readAheadBytesMax };
      const sst = await Sst.open(source, options);
      source.reads.length = 0;
      return { sst, cache, source };
    };
    const all = rows.map(textOf);

    it('reads twice as much each time, every byte once, and nothing that is cached', async () => {
      const { sst, cache, source } = await openGrowing(16_384);
      const cursor = sst.cursor();
      expect(await forward(cursor, cursor.seekFirst())).toEqual(all);
      const lengths = source.reads.map(({ length }) => length);
      expect(lengths.reduce((sum, length) => sum + length)).toBe(bytes.length - summary.tailBytes);
      lengths.slice(0, 4).forEach((length, index) => {
        expect(length).toBeLessThanOrEqual(2 ** index * (lengths[0] as number));
      });
      expect(Math.max(...lengths)).toBeLessThanOrEqual(16_384);
      expect(lengths.length).toBeLessThan(5 + (1.2 * bytes.length) / 16_384);
      expect(cache.blocks.size).toBe(summary.blocks);
      source.reads.length = 0;
      expect(await forward(cursor, cursor.seekFirst())).toEqual(all);
      expect(source.reads).toEqual([]);
    });

    it('reads one block for a seek, and one at a time backwards', async () => {
      const { sst, source } = await openGrowing(1_000_000);
      const { length } = sst.blockTable();
      const cursor = sst.cursor();
      for (const row of [0, 1500, 700]) {
        if (cursor.seek(keyOf(row)) === BLOCKED) await cursor.load();
      }
      expect(source.reads.length).toBe(3);
      let step = cursor.seekLast();
      while (step !== END) step = step === BLOCKED ? await cursor.load() : cursor.previous();
      expect(source.reads.length).toBe(length);
    });

    it('is shared by cursors that go together', async () => {
      const { sst, source } = await openGrowing(16_384);
      const drain = async (): Promise<string[]> => {
        const cursor = sst.cursor({});
        return forward(cursor, cursor.seekFirst());
      };
      expect(await Promise.all([drain(), drain(), drain()])).toEqual([all, all, all]);
      const read = source.reads.reduce((sum, { length }) => sum + length, 0);
      expect(read).toBeLessThan(1.5 * bytes.length);
    });

    it('loads a range on demand, as long as there is room', async () => {
      const { sst, cache, source } = await openGrowing(16_384);
      let room = 20_000;
      const claim = (weight: number): boolean => {
        const fits = weight <= room;
        if (fits) room -= weight;
        return fits;
      };
      const loaded = await sst.load(keyOf(100), undefined, claim);
      expect(loaded).toBeGreaterThan(0);
      expect(source.reads.length).toBeLessThanOrEqual(3);
      const { size } = cache.blocks;
      expect(size).toBeGreaterThan(2);
      room = 1e9;
      const { offset, bytes: extent } = sst.extentOf(keyOf(100), undefined);
      expect(offset).toBeGreaterThan(0);
      expect(loaded + (await sst.load(keyOf(100), undefined, claim))).toBe(extent);
      source.reads.length = 0;
      const cursor = sst.cursor();
      expect(await forward(cursor, cursor.seek(keyOf(100)))).toEqual(all.slice(100));
      expect(await sst.load(keyOf(100), undefined, claim)).toBe(0);
      expect(source.reads).toEqual([]);
      expect(sst.extentOf(keyOf(0), keyOf(0)).bytes).toBe(0);
    });
  });
});

describe('a cursor', () => {
  it('that was released is used again', () => {
    const sst = Sst.openBytes(bytes);
    const first = sst.cursor();
    expect(first.seek(keyOf(7))).toBe(ROW);
    const shown = rowAt(first);
    first.release();
    const second = sst.cursor();
    expect(second).toBe(first);
    expect(second.blocksRead).toBe(0);
    expect(second.next()).toBe(ROW);
    expect(textOf(rowAt(second))).toBe(textOf(rows[0]));
    expect(textOf(shown)).toBe(textOf(rows[7]));
    const filtered = sst.cursor({ mayMatch: () => true });
    filtered.release();
    expect(sst.cursor()).not.toBe(filtered);
  });

  it('passes over blocks whose statistics do not match', () => {
    const collectors = [minMax('first', { type: 'uint16', offset: 0 })];
    const built = encodeSst(rows, { blockBytes: 1000, collectors });
    const sst = Sst.openBytes(built.bytes, { collectors });
    expect(sst.statistics).toEqual({ first: { min: 0, max: 1999 } });
    const wanted = (statistics: Readonly<Record<string, unknown>>): boolean => {
      const range = statistics['first'] as { min: number; max: number };
      return range.min <= 1503 && range.max >= 1500;
    };
    const cursor = sst.cursor({ mayMatch: wanted });
    const seen: number[] = [];
    for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) seen.push(cursor.timestamp);
    expect(seen).toEqual(expect.arrayContaining([1500, 1501, 1502, 1503]));
    expect(seen.length).toBeLessThan(100);
    expect(cursor.blocksRead + cursor.blocksSkipped).toBe(sst.summary.blocks);
    expect(cursor.blocksSkipped).toBeGreaterThan(sst.summary.blocks - 4);
    expect(cursor.seek(keyOf(0))).toBe(ROW);
    expect(cursor.timestamp).toBe(seen[0]);
    expect(cursor.seekBefore(keyOf(1999))).toBe(ROW);
    expect(cursor.timestamp).toBe(seen.at(-1));
    expect(sst.cursor({ mayMatch: () => false }).seekFirst()).toBe(END);
  });

  it('skips a thousand newer versions by searching, not by walking', () => {
    const versions: Row[] = Array.from({ length: 5000 }, (_, index) => ({
      key: text.encode('hot'),
      timestamp: 10_000 - index,
      endTimestamp: NEVER,
      kind: PUT,
      value: Uint8Array.of(1),
    }));
    const sst = Sst.openBytes(encodeSst(versions, { blockBytes: 1000 }).bytes);
    expect(sst.summary.blocks).toBeGreaterThan(50);
    const cursor = sst.cursor();
    for (const asOf of [10_000, 9_999, 7_777, 5_001]) {
      expect(cursor.seek(text.encode('hot'), asOf)).toBe(ROW);
      expect(cursor.timestamp).toBe(asOf);
    }
    expect(cursor.blocksRead).toBeLessThanOrEqual(8);
    expect(cursor.seek(text.encode('hot'), 5_000)).toBe(END);
  });

  it('shows a value of 8 MiB whole, between small neighbours', () => {
    const value = new Uint8Array(8 * 2 ** 20).map((_, index) => (index * 31) >> 4);
    const large: Row[] = [0, 1, 2].map((index) => ({
      key: keyOf(index),
      timestamp: 1,
      endTimestamp: NEVER,
      kind: PUT,
      value: index === 1 ? value : Uint8Array.of(index),
    }));
    const sst = Sst.openBytes(encodeSst(large).bytes);
    expect(sst.summary.blocks).toBe(3);
    const cursor = sst.cursor();
    expect(cursor.seek(keyOf(1))).toBe(ROW);
    expect(Buffer.compare(cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd), value)).toBe(0);
    expect(cursor.next()).toBe(ROW);
    expect(rowAt(cursor).value).toEqual(Uint8Array.of(2));
  });
});

describe('the filter', () => {
  const hash: Hash64 = { low: 0, high: 0 };
  const mayContain = (sst: Sst, key: Uint8Array): boolean => {
    hashBytes(key, 0, key.length, hash);
    return sst.mayContain(hash.low, hash.high);
  };

  it.each([
    [{ family: 'split-block-bloom' } as const, 0.012],
    [{ family: 'split-block-bloom', bitsPerKey: 20 } as const, 0.003],
    [{ family: 'bloom-filters', errorRate: 0.02 } as const, 0.05],
    [{ family: 'none' } as const, 1],
  ])('%o never denies a key and denies most absent ones', (filter, falsePositivesMax) => {
    const count = filter.family === 'bloom-filters' ? 200 : 2000;
    const sst = Sst.openBytes(encodeSst(rows.slice(0, count), { filter }).bytes);
    for (let index = 0; index < count; index += 1) expect(mayContain(sst, keyOf(index))).toBe(true);
    let positives = 0;
    for (let index = 0; index < count; index += 1)
      if (mayContain(sst, keyOf(index + 500_000))) positives += 1;
    expect(positives / count).toBeLessThanOrEqual(falsePositivesMax);
    if (filter.family === 'none') expect(positives).toBe(count);
  });

  it('counts each key once, whatever the number of versions', () => {
    const versions: Row[] = Array.from({ length: 1000 }, (_, index) => ({
      key: text.encode('hot'),
      timestamp: 1000 - index,
      kind: PUT,
      value: new Uint8Array(0),
    }));
    const filtered = encodeSst(versions).summary.bytes;
    const without = encodeSst(versions, { filter: { family: 'none' } }).summary.bytes;
    expect(filtered - without).toBeLessThan(50);
  });
});

describe('a file without timestamps', () => {
  it('is refused unless one is given', () => {
    const { bytes: absent } = encodeSst(rows.slice(0, 3), { timestamps: 'absent' });
    for (const timestamp of [undefined, 0.5, Number.NaN]) {
      expect(() => Sst.openBytes(absent, { timestamp })).toThrow(
        expect.objectContaining({ code: 'CLORTHO_INVALID' }),
      );
    }
    expect(Sst.openBytes(absent, { timestamp: 0 }).summary.rows).toBe(3);
  });

  it('costs nothing per row for them', () => {
    const scattered = rows.map((row, index) => ({ ...row, timestamp: (index * 7919) % 100_000 }));
    const stored = encodeSst(scattered, { codec: 'none' }).summary.bytes;
    const absent = encodeSst(scattered, { codec: 'none', timestamps: 'absent' }).summary.bytes;
    expect(stored - absent).toBeGreaterThan(rows.length * 3);
  });
});

describe('verify', () => {
  it('stops when it is told to', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(Sst.openBytes(bytes).verify(abort.signal)).rejects.toMatchObject({
      code: 'CLORTHO_ABORTED',
    });
  });

  it('reads past the cache', async () => {
    const cache = mapCache();
    const damaged = bytes.slice();
    const sst = Sst.openBytes(damaged, { cache: { cache, file: 0 } });
    sst.warm(damaged);
    damaged[10] = (damaged[10] as number) ^ 1;
    await expect(sst.verify()).rejects.toThrow(/offset=0/);
  });
});

describe('the writer', () => {
  it('streams: chunks in order make the file, and the estimate comes near', () => {
    const writer = new SstWriter({ blockBytes: 1000, codec: 'none' });
    const chunks: Uint8Array[] = [];
    let estimate = 0;
    for (const row of rows) {
      writer.appendRow(row);
      chunks.push(...writer.take());
      estimate = writer.estimatedBytes;
    }
    expect(chunks.length).toBeGreaterThan(20);
    const finished = writer.finish();
    chunks.push(...writer.take());
    expect(new Uint8Array(Buffer.concat(chunks))).toEqual(
      encodeSst(rows, { blockBytes: 1000, codec: 'none' }).bytes,
    );
    expect(estimate / finished.bytes).toBeGreaterThan(0.8);
    expect(estimate / finished.bytes).toBeLessThan(1.6);
    expect(writer.take()).toEqual([]);
  });

  it('copies a row from a cursor', async () => {
    const cursor = Sst.openBytes(bytes).cursor();
    const writer = new SstWriter({ blockBytes: 1000 });
    for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) writer.appendFrom(cursor);
    expect(writer.finish()).toEqual(summary);
    expect(Buffer.compare(Buffer.concat(writer.take()), bytes)).toBe(0);
  });

  it('refuses what is out of order and goes on', () => {
    const writer = new SstWriter({ blockBytes: 1 });
    const row = (key: string, timestamp: number): Row => ({
      key: text.encode(key),
      timestamp,
      kind: PUT,
      value: text.encode(key),
    });
    writer.appendRow(row('b', 5));
    for (const bad of [row('a', 9), row('b', 5), row('b', 6), row('', 9)]) {
      expect(() => writer.appendRow(bad)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    }
    writer.appendRow(row('b', 4));
    expect(() => writer.appendRow(row('b', 4))).toThrow(
      /timestamp is not below the last one of the key: row=2 timestamp=4/,
    );
    writer.appendRow(row('c', 100));
    expect(writer.finish().rows).toBe(3);
  });

  it('takes no more range deletes than a reader does', () => {
    const writer = new SstWriter();
    const range = { start: text.encode('a'), end: text.encode('b'), timestamp: 1 };
    for (let count = 0; count < 2 ** 20; count += 1) writer.addRangeDelete(range);
    expect(() => writer.addRangeDelete(range)).toThrow(/too many range deletes/);
  });

  it('refuses what is out of bounds', () => {
    const writer = new SstWriter();
    const row: Row = { key: text.encode('k'), timestamp: 1, kind: PUT, value: text.encode('v') };
    const bad: Row[] = [
      { ...row, key: new Uint8Array(65_536) },
      { ...row, value: new Uint8Array(64 * 2 ** 20 + 1) },
      { ...row, timestamp: 2 ** 53 },
      { ...row, timestamp: 0.5 },
      { ...row, endTimestamp: Number.NaN },
    ];
    for (const one of bad) {
      expect(() => writer.appendRow(one)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    }
    const range = { start: text.encode('a'), end: text.encode('b'), timestamp: 1 };
    for (const one of [
      { ...range, end: range.start },
      { ...range, start: text.encode('c') },
      { ...range, timestamp: 1.5 },
    ]) {
      expect(() => writer.addRangeDelete(one)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    }
    writer.appendRow({ ...row, key: new Uint8Array(65_535) });
    writer.finish();
    expect(() => writer.appendRow(row)).toThrow(expect.objectContaining({ code: 'CLORTHO_CLOSED' }));
    expect(() => writer.addRangeDelete(range)).toThrow(expect.objectContaining({ code: 'CLORTHO_CLOSED' }));
    expect(() => writer.finish()).toThrow(expect.objectContaining({ code: 'CLORTHO_CLOSED' }));
  });

  it.each([
    { blockBytes: 0 },
    { blockBytes: 2 ** 30 },
    { salt: -1 },
    { salt: 2 ** 32 },
    { filter: { family: 'split-block-bloom', bitsPerKey: 0 } as const },
    { filter: { family: 'bloom-filters', errorRate: 1 } as const },
    { filter: { family: 'ribbon' } as never },
    { collectors: [minMax('twice', () => 1), minMax('twice', () => 2)] },
  ])('refuses the options %o', (options) => {
    expect(() => new SstWriter(options)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
  });

  it('writes an empty file that reads as one', async () => {
    const { bytes: empty, summary: facts } = encodeSst([]);
    expect(facts).toMatchObject({
      rows: 0,
      blocks: 0,
      minTimestamp: 0,
      maxTimestamp: 0,
      minEndTimestamp: NEVER,
    });
    const sst = Sst.openBytes(empty);
    const cursor = sst.cursor();
    expect([
      cursor.seekFirst(),
      cursor.seekLast(),
      cursor.seek(text.encode('a')),
      cursor.seekBefore(text.encode('a')),
    ]).toEqual([END, END, END, END]);
    expect([cursor.next(), cursor.previous()]).toEqual([END, END]);
    await sst.verify();
  });
});
