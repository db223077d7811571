/** Codec 2: raw deflate (RFC 1951) by node:zlib; slower and a little denser than LZ4, available everywhere. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Codec } from './codec.ts';

/** What node:zlib returns with the option `info`, which its types leave out. */
interface Inflated {
  readonly buffer: Buffer;
  /** How much of the input was used. */
  readonly engine: { readonly bytesWritten: number };
}

/** Raw deflate at the library's default level. */
export const deflate: Codec = {
  name: 'deflate',
  id: 2,
  // zlib's documented bound: 258 bytes per match, a match takes at least two bits.
  expansionMax: 1032,
  compress: (raw) => deflateRawSync(raw),
  decompress: (stored, rawBytes) => {
    // Two pieces, so that nothing larger than the block is allocated; a stream that goes on too long is refused.
    const chunkSize = Math.max(64, (rawBytes >>> 1) + 1);
    const options = { chunkSize, maxOutputLength: Math.max(1, rawBytes), info: true };
    const { buffer: raw, engine } = inflateRawSync(stored, options) as unknown as Inflated;
    if (raw.length !== rawBytes) throw new Error('deflate stream has another size');
    if (engine.bytesWritten !== stored.length) throw new Error('deflate stream ends early');
    return new Uint8Array(raw.buffer, raw.byteOffset, rawBytes);
  },
};
