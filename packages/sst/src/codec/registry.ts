/**
 * The codecs of this build and runtime, by name and by id.
 *
 * Invariants:
 * - An id that is listed and not available (zstd on an older runtime) is told apart from an unknown one only in
 *   the message: either way the file is `CLORTHO_UNSUPPORTED` here.
 */
import { ClorthoError } from '@clortho/base';
import type { Codec, CodecName } from './codec.ts';
import { deflate } from './deflate.ts';
import { lz4 } from './lz4.ts';
import { none } from './none.ts';
import { zstd } from './zstd.ts';

const codecs: readonly Codec[] = zstd === undefined ? [none, lz4, deflate] : [none, lz4, deflate, zstd];

/** The names of the codecs that this runtime has. */
export const codecNames: readonly CodecName[] = codecs.map((codec) => codec.name);

/**
 * Returns a codec by name.
 *
 * @throws {ClorthoError} `CLORTHO_UNSUPPORTED` if this runtime does not have it.
 */
export function codecByName(name: CodecName): Codec {
  const codec = codecs.find((candidate) => candidate.name === name);
  if (codec === undefined) {
    throw new ClorthoError('CLORTHO_UNSUPPORTED', `this runtime does not have the codec: codec=${name}`);
  }
  return codec;
}

/** Returns the codec of an id, or `undefined` if this build or runtime does not have it. */
export function codecById(id: number): Codec | undefined {
  return codecs[id];
}
