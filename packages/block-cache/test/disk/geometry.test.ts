/** The cache file, byte for byte as FORMAT.md says, within its budget, and opened by reading one block. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFileHeader,
  geometryOf,
  isFileHeader,
  slotPosition,
  tagPosition,
} from '../../src/disk/geometry.ts';
import { PAGE_HEADER_BYTES_MAX } from '../../src/disk/page-header.ts';
import { openDiskCache } from '../../src/index.ts';
import { bytesOf, expectBytes, objectOf, opened, PAGE } from './fixture.ts';
import { MemoryFiles } from './memory-files.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('any budget and page size', () => {
  it('have a layout within the budget that wastes little of it', () => {
    const budget = fc.oneof(fc.nat(10_000_000), fc.integer({ min: 0, max: 2 ** 50 }));
    fc.assert(
      fc.property(budget, fc.integer({ min: 1, max: 256 }), (bytesMax, chunks) => {
        const pageBytes = chunks * PAGE;
        const geometry = geometryOf(bytesMax, pageBytes);
        if (geometry === undefined) {
          expect(bytesMax).toBeLessThan(3 * 4096 + pageBytes + 4);
          return;
        }
        const { sets, ways, slotsOffset, fileBytes } = geometry;
        expect(fileBytes).toBeLessThanOrEqual(bytesMax);
        expect(ways).toBeLessThanOrEqual(256);
        expect(tagPosition(geometry, sets - 1, ways - 1) + 4).toBeLessThanOrEqual(slotsOffset);
        expect(slotPosition(geometry, sets - 1, ways - 1) + 4096 + pageBytes).toBe(fileBytes);
        const slots = Math.floor((bytesMax - 8192) / (4096 + pageBytes + 4));
        expect(sets * ways).toBeGreaterThan(slots - sets);
      }),
    );
  });

  it('have headers that are told from others and from noise', () => {
    const headers = [1, 2, 3].flatMap((pages) =>
      [PAGE, 2 * PAGE].map((size) => encodeFileHeader(geometryOf(pages * 1_000_000, size) as never)),
    );
    expect(new Set(headers.map(hex)).size).toBe(headers.length);
    for (const header of headers) {
      expect(isFileHeader(header)).toBe(true);
      for (let at = 0; at < 24; at += 1) {
        const flipped = header.slice();
        flipped[at] = (flipped[at] as number) ^ 1;
        expect(isFileHeader(flipped)).toBe(false);
      }
      expect(isFileHeader(header.subarray(0, 23))).toBe(false);
    }
    expect(PAGE_HEADER_BYTES_MAX).toBeLessThanOrEqual(4096);
  });
});

describe('the example of FORMAT.md', () => {
  it('is what is written', async () => {
    const { cache, files } = await opened(0, { bytesMax: 100_000 });
    await cache.put(objectOf('sst/01.sst', 20_000), 0, new Uint8Array(20_000).fill(0x61));
    const { content } = files;
    expect(hex(content.subarray(0, 24))).toBe('434c6463b4aa6da801000000004000000400000001000000');
    expect(hex(content.subarray(4096, 4096 + 16))).toBe('07e96bd927cb7f0f0000000000000000');
    expect(hex(content.subarray(8192, 8192 + 42))).toBe(
      '434c7067c3aa011e0000000000400000204e0000000000000a000100fb44eeeb7373742f30312e737374',
    );
    expect(hex(content.subarray(8192 + 20480, 8192 + 20480 + 42))).toBe(
      '434c706720d80d9d01000000200e0000204e0000000000000a000100bfd3947c7373742f30312e737374',
    );
  });
});

describe('opening', () => {
  it('reads one block however many pages there are, and the first lookup one set of tags', async () => {
    const files = new MemoryFiles();
    const bytesMax = 60_000_000;
    const options = { bytesMax, queueBytesMax: bytesMax };
    const first = await opened(0, options, files);
    const object = objectOf('large', 2500 * PAGE);
    await first.cache.put(object, 0, new Uint8Array(object.bytes));
    expect(first.cache.stats().written).toBe(2500);
    await first.cache.close();
    files.bytesRead = 0;
    const { cache } = await opened(0, options, files);
    expect(files.bytesRead).toBe(4096);
    expect(await cache.get(object, 2000 * PAGE, 10)).toBeDefined();
    expect(files.bytesRead).toBeLessThanOrEqual(4096 + 4 * 256 + 4096 + PAGE);
    await cache.close();
  });

  it('takes no room for what is not written yet', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clortho-disk-cache-'));
    await using cache = await openDiskCache({ directory, bytesMax: 2 ** 36 });
    const object = objectOf('sst/01.sst', 1_000_000);
    await cache.put(object, 0, bytesOf(object, 0, object.bytes));
    expectBytes(await cache.get(object, 500_000, 1000), bytesOf(object, 500_000, 1000));
    const { blocks } = await stat(join(directory, 'pages.clortho-cache'));
    expect(blocks * 512).toBeLessThan(2_000_000);
    await rm(directory, { recursive: true });
  });
});
