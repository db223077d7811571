/** Codec 3: zstd, where node:zlib has it (Node 22.15, 23.8 and later). */
import * as zlib from 'node:zlib';
import type { Codec } from './codec.ts';

interface ZstdFunctions {
  zstdCompressSync(raw: Uint8Array): Uint8Array;
  zstdDecompressSync(stored: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

/** Zstd at the library's default level; `undefined` on a runtime without it. */
export const zstd: Codec | undefined = create(zlib as unknown as Partial<ZstdFunctions>);

function create({ zstdCompressSync, zstdDecompressSync }: Partial<ZstdFunctions>): Codec | undefined {
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return undefined;
  return {
    name: 'zstd',
    id: 3,
    // A block of one repeated byte: nothing better than the bound of all blocks.
    expansionMax: Number.POSITIVE_INFINITY,
    compress: (raw) => zstdCompressSync(raw),
    decompress: (stored, rawBytes) => {
      const raw = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, rawBytes) });
      if (raw.length !== rawBytes) throw new Error('zstd frame has another size');
      return new Uint8Array(raw.buffer, raw.byteOffset, rawBytes);
    },
  };
}
