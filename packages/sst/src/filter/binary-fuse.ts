/**
 * Binary fuse filters: one byte in each of three slots, whose xor is the fingerprint of a key that was added.
 *
 *     +----------+-----------------+--------------+----------------------------------+
 *     | seed u32 | segment bits u8 | segments u32 | segments * 2^(segment bits) bytes |
 *     +----------+-----------------+--------------+----------------------------------+
 *
 * An absent key has 1 chance in 256 (0.39 %) for about 9.2 bits per key in large files, where a Bloom filter takes 12
 * for 0.6 %. In return it costs several times the time to build and is for sets that are complete. `fuse-placement.ts`
 * says which slots a key has, `fuse-builder.ts` how they are filled.
 *
 * Invariants:
 * - Whatever the hashes are, a filter is written: if none of the attempts succeeds, a split-block Bloom filter is.
 */
import { readUint32, writeUint32 } from '../column/integers.ts';
import { corruptSection, type Section, takeBytes } from '../section.ts';
import type { ByteSink } from '../sink.ts';
import type { Filter, FilterFamily } from './filter.ts';
import { buildFuse, type Fuse, fuseShape } from './fuse-builder.ts';
import { FusePlacement, type FuseShape, fuseSlots, isFuseShape } from './fuse-placement.ts';
import { splitBlockBloomFamily } from './split-block-bloom.ts';

/** The id of the family in a file. */
export const BINARY_FUSE_ID = 3;

const HEADER_BYTES = 9;

/** Returns the family; `attemptsMax` bounds how often building is tried before it falls back. */
export function binaryFuseFamily(attemptsMax?: number): FilterFamily {
  const fallback = splitBlockBloomFamily();
  return {
    name: 'binary-fuse',
    estimatedBytes: (keys) => HEADER_BYTES + fuseSlots(fuseShape(keys)),
    encode: (sink, hashes) => {
      const fuse = buildFuse(hashes, attemptsMax);
      if (fuse === undefined) fallback.encode(sink, hashes);
      else encode(sink, fuse);
    },
  };
}

/** Decodes a filter. */
export function decodeBinaryFuse(section: Section): Filter {
  const start = takeBytes(section, HEADER_BYTES);
  const { bytes } = section;
  const shape = { segmentBits: bytes[start + 4] as number, segments: readUint32(bytes, start + 5) };
  if (!isFuseShape(shape)) throw corruptSection(section, 'filter has a shape out of bounds');
  if (fuseSlots(shape) !== bytes.length - section.offset) {
    throw corruptSection(section, 'filter does not have the bytes of its shape');
  }
  // A copy, because a view would keep all that was read with it alive, beyond the weight.
  return new BinaryFuse(bytes.slice(section.offset), shape, readUint32(bytes, start));
}

class BinaryFuse implements Filter {
  readonly weight: number;
  readonly #fingerprints: Uint8Array;
  readonly #placement: FusePlacement;

  constructor(fingerprints: Uint8Array, shape: FuseShape, seed: number) {
    this.#fingerprints = fingerprints;
    this.#placement = new FusePlacement(shape, seed);
    this.weight = fingerprints.byteLength;
  }

  mayContain(low: number, high: number): boolean {
    const fingerprints = this.#fingerprints;
    const placement = this.#placement;
    placement.place(low, high);
    return (
      ((fingerprints[placement.first] as number) ^
        (fingerprints[placement.second] as number) ^
        (fingerprints[placement.third] as number)) ===
      placement.fingerprint
    );
  }
}

function encode(sink: ByteSink, { seed, shape, fingerprints }: Fuse): void {
  sink.byte(BINARY_FUSE_ID);
  const start = sink.reserve(HEADER_BYTES);
  writeUint32(sink.bytes, start, seed);
  sink.bytes[start + 4] = shape.segmentBits;
  writeUint32(sink.bytes, start + 5, shape.segments);
  sink.copy(fingerprints, 0, fingerprints.length);
}
