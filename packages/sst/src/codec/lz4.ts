/**
 * Codec 1: LZ4 blocks, by the native module where it loads and by the TypeScript codec everywhere else.
 *
 * The native module puts the raw size before the block as four bytes; files hold the bare block, and the size is
 * known from the index. Both implementations read what the other wrote.
 */
import { createRequire } from 'node:module';
import { writeUint32 } from '../column/integers.ts';
import type { Codec } from './codec.ts';
import { lz4Compress } from './lz4-compress.ts';
import { lz4Decompress } from './lz4-decompress.ts';

interface NativeLz4 {
  compressSync(raw: Buffer): Uint8Array;
  uncompressSync(stored: Uint8Array): Uint8Array;
}

const SIZE_BYTES = 4;
/** A run is at best 255 bytes per length byte. */
const EXPANSION_MAX = 256;

/** LZ4 in TypeScript alone. */
export const lz4Portable: Codec = {
  name: 'lz4',
  id: 1,
  expansionMax: EXPANSION_MAX,
  compress: lz4Compress,
  decompress: lz4Decompress,
};

/** LZ4 by the native module; `undefined` where that does not load. */
export const lz4Native: Codec | undefined = createNative();

/** LZ4, natively where possible. */
export const lz4: Codec = lz4Native ?? lz4Portable;

function createNative(): Codec | undefined {
  let native: NativeLz4;
  try {
    native = createRequire(import.meta.url)('lz4-napi') as NativeLz4;
  } catch {
    return undefined;
  }
  let sized = new Uint8Array(0);
  return {
    name: 'lz4',
    id: 1,
    expansionMax: EXPANSION_MAX,
    compress: (raw) =>
      native.compressSync(Buffer.from(raw.buffer, raw.byteOffset, raw.length)).subarray(SIZE_BYTES),
    decompress: (stored, rawBytes) => {
      const length = SIZE_BYTES + stored.length;
      if (length > sized.length) sized = new Uint8Array(length);
      writeUint32(sized, 0, rawBytes);
      sized.set(stored, SIZE_BYTES);
      const raw = native.uncompressSync(sized.subarray(0, length));
      if (raw.length !== rawBytes) throw new Error('lz4 block has another size');
      return new Uint8Array(raw.buffer, raw.byteOffset, rawBytes);
    },
  };
}
