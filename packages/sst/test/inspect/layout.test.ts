import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codecNames } from '../../src/codec/registry.ts';
import { FOOTER_BYTES } from '../../src/file/footer.ts';
import { readSstLayout, type SstLayout } from '../../src/inspect/layout.ts';
import { Sst } from '../../src/reader/sst.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { withBlock, withFooter } from '../support/forge.ts';
import { readGolden } from '../support/golden.ts';
import { sourceOf } from '../support/sources.ts';

const golden = readGolden('v1');
const readable = golden.filter(({ options }) => codecNames.includes(options.codec ?? 'none'));
const bytesOf = (name: string): Uint8Array => golden.find((one) => one.name === name)?.bytes as Uint8Array;
const layoutOf = (bytes: Uint8Array): Promise<SstLayout> =>
  readSstLayout(sourceOf(bytes), { size: bytes.length, name: 'looked-at.sst' });

it('there are golden files to look at', () => {
  expect(readable.length).toBeGreaterThan(
    readdirSync(new URL('../golden/v1', import.meta.url)).length / 2 - 2,
  );
});

describe.each(readable)('the layout of $name', ({ bytes, timestamp, options, summary }) => {
  it('tiles the file, and says of it what the open file says', async () => {
    const layout = await layoutOf(bytes);
    let end = 0;
    for (const part of layout.parts) {
      expect(part).toMatchObject({ offset: end, damage: undefined });
      end += part.bytes;
    }
    expect(end).toBe(bytes.length);
    const { summary: opened } = Sst.openBytes(bytes, { timestamp });
    expect(layout.summary).toEqual(opened);
    expect(layout.summary).toMatchObject(summary);
    expect(layout.salt).toBe(options.salt);
    expect(layout.features.includes('timestamps absent')).toBe(options.timestamps === 'absent');
    const family = summary.rows === 0 ? 'none' : (options.filter?.family ?? 'none');
    expect(layout.filter?.family ?? 'none').toBe(family);
  });
});

describe('the layout', () => {
  it('names the parts, their codecs and raw sizes', async () => {
    const { parts, codecs, version, features } = await layoutOf(bytesOf('codec-lz4'));
    expect(version).toBe(1);
    expect(features).toEqual([]);
    expect(codecs).toEqual(['none', 'lz4']);
    expect(parts.map(({ name }) => name)).toEqual([
      'data blocks',
      'index partitions',
      'index',
      'filter',
      'range deletes',
      'properties',
      'footer',
    ]);
    expect(parts[3]).toMatchObject({ name: 'filter', codec: 'none' });
    const filter = parts[3];
    expect(filter?.bytes).toBe((filter?.rawBytes ?? 0) + 5);
  });

  it('counts the partitions of the index', async () => {
    const { partitions, features, parts } = await layoutOf(bytesOf('partitions'));
    expect(features).toEqual(['index partitioned']);
    expect(partitions).toBeGreaterThan(2);
    expect(parts[1]?.bytes).toBeGreaterThan(0);
    expect((await layoutOf(bytesOf('one-row'))).partitions).toBe(1);
  });

  it('has the collectors with their versions, also those without statistics', async () => {
    const { collectors } = await layoutOf(bytesOf('collectors'));
    expect(collectors.map(({ name, version }) => [name, version])).toEqual([
      ['size', 1],
      ['letters', 1],
      ['variety', 1],
      ['symbol', 1],
      ['crowded', 1],
    ]);
    expect(collectors[4]?.bytes).toHaveLength(0);
  });

  it('of a file of at most 64 KiB takes one read', async () => {
    const source = sourceOf(bytesOf('kinds'));
    await readSstLayout(source, { size: bytesOf('kinds').length });
    expect(source.reads).toHaveLength(1);
  });

  it('of a file without any rows has neither filter nor data blocks', async () => {
    const { parts, filter, summary } = await layoutOf(encodeSst([]).bytes);
    expect(parts.filter(({ bytes }) => bytes > 0).map(({ name }) => name)).toEqual([
      'index',
      'properties',
      'footer',
    ]);
    expect(filter).toBeUndefined();
    expect(summary).toMatchObject({ rows: 0, blocks: 0 });
  });
});

describe('damage', () => {
  const whole = bytesOf('partitions');

  it.each([
    ['index partitions', 1],
    ['index', 2],
    ['filter', 3],
    ['properties', 5],
  ] as const)('in the %s is a fact about that part alone', async (name, at) => {
    const { parts } = await layoutOf(whole);
    const offset = parts[at]?.offset as number;
    const bytes = whole.slice();
    bytes[offset + 1] = (bytes[offset + 1] as number) ^ 1;
    const damaged = await layoutOf(bytes);
    expect(damaged.parts.filter(({ damage }) => damage !== undefined).map((part) => part.name)).toEqual([
      name,
    ]);
    expect(damaged.parts[at]?.damage).toMatchObject({
      code: 'CLORTHO_CORRUPT',
      message: `block checksum mismatch: file=looked-at.sst offset=${offset}`,
    });
    expect(damaged.summary === undefined).toBe(name === 'properties');
    expect(damaged.filter === undefined).toBe(name === 'filter');
    expect(() => Sst.openBytes(bytes)).toThrow('checksum mismatch');
  });

  it('in the filter leaves the rows to whoever ignores it', async () => {
    const { parts } = await layoutOf(whole);
    const bytes = whole.slice();
    bytes.fill(0, parts[3]?.offset, (parts[3]?.offset ?? 0) + 8);
    const sst = Sst.openBytes(bytes, { ignoreFilter: true });
    expect(sst.mayContain(1, 2)).toBe(true);
    await sst.verify();
    const sound = Sst.openBytes(whole);
    const keys = [...sound.blockTable()].map(({ firstKey }) => firstKey);
    for (const key of keys) expect(await sst.get(key)).toEqual(await sound.get(key));
  });

  it('behind a checksum that matches is found where the part is decoded', async () => {
    const { parts } = await layoutOf(whole);
    const { offset, bytes: storedBytes } = parts[5] as { offset: number; bytes: number };
    const forged = withBlock(whole, { offset, storedBytes }, (stored) => stored.fill(0xc1, 0, 1));
    const { parts: found } = await layoutOf(forged);
    expect(found[5]?.damage?.message).toContain('properties are not plain msgpack');
  });

  it('in the footer leaves nothing to show', async () => {
    const bytes = whole.slice();
    bytes[bytes.length - FOOTER_BYTES] = 0xff;
    await expect(layoutOf(bytes)).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    await expect(layoutOf(whole.subarray(0, -1))).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    const newer = withFooter(whole, (footer) => footer.setUint16(52, 2, true));
    await expect(layoutOf(newer)).rejects.toMatchObject({ code: 'CLORTHO_UNSUPPORTED' });
  });

  it('of the source is an error of the source', async () => {
    const failing = { read: () => Promise.reject(new TypeError('no such disk')) };
    await expect(readSstLayout(failing, { size: 1000 })).rejects.toThrow('no such disk');
  });
});
