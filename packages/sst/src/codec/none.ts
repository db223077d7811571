/** Codec 0: bytes as they are. */
import type { Codec } from './codec.ts';

/** Stores bytes uncompressed; both functions return their argument. */
export const none: Codec = {
  name: 'none',
  id: 0,
  expansionMax: 1,
  compress: (raw) => raw,
  decompress: (stored, rawBytes) => {
    if (stored.length !== rawBytes) throw new Error('stored and raw sizes differ');
    return stored;
  },
};
