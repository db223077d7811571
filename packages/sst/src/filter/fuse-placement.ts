/**
 * Where a binary fuse filter keeps a key: three slots in three consecutive segments, and a fingerprint of eight bits.
 *
 *                 segment s    s + 1     s + 2
 *     +---------+----|----+-|-------+------|--+---------+
 *     |         |    ^    | ^       |      ^  |         |    each segment has 2^segmentBits slots of one byte
 *     +---------+---------+---------+---------+---------+
 *                  first   second      third
 *
 *     x = mix(low xor seed * 9e3779b9)     fingerprint   x >> 24
 *     y = mix(high xor x)                  first         (s * 2^segmentBits) + y mod 2^segmentBits
 *     z = mix(x + y)                       second, third one and two segments on, the offsets the low bits of
 *     s = floor(y * (segments - 2) / 2^32)               z and of z >> 16
 *
 * All words have 32 bits. For every seed (low, high) to (y, z) is a bijection: distinct hashes stay distinct, and both
 * words depend on all 64 bits. The slots leave bits of y and z unused; the fingerprint, the top of unmix(z) - y, depends
 * on these, so that keys that share slots still differ in it.
 *
 * Invariants:
 * - The placement is part of the format and never changes.
 * - `segments` is at most 2^21, so that the product above is exact in a double.
 */
import { invariant } from '@clortho/base';

/** The fewest segments: one that a key starts in and the two that follow. */
export const FUSE_SEGMENTS_MIN = 3;

/** The most segments. */
const FUSE_SEGMENTS_MAX = 2 ** 21;

/** The least base-2 logarithm of the slots in a segment. */
export const FUSE_SEGMENT_BITS_MIN = 3;

/** The greatest: `z` has the bits of two offsets. */
export const FUSE_SEGMENT_BITS_MAX = 16;

/** The most slots, 64 MiB. */
const FUSE_SLOTS_MAX = 2 ** 26;

/** How the slots are divided. */
export interface FuseShape {
  /** The base-2 logarithm of the slots in a segment. */
  readonly segmentBits: number;
  readonly segments: number;
}

/** Tells whether a filter may have this shape. */
export function isFuseShape({ segmentBits, segments }: FuseShape): boolean {
  return (
    segmentBits >= FUSE_SEGMENT_BITS_MIN &&
    segmentBits <= FUSE_SEGMENT_BITS_MAX &&
    segments >= FUSE_SEGMENTS_MIN &&
    segments <= FUSE_SEGMENTS_MAX &&
    fuseSlots({ segmentBits, segments }) <= FUSE_SLOTS_MAX
  );
}

/** Returns the slots of a shape, each one byte. */
export function fuseSlots({ segmentBits, segments }: FuseShape): number {
  return segments * 2 ** segmentBits;
}

/** Places hashes; the fields are those of the last one. */
export class FusePlacement {
  first = 0;
  second = 0;
  third = 0;
  fingerprint = 0;
  readonly #seedWord: number;
  readonly #starts: number;
  readonly #segmentBits: number;
  readonly #segmentSlots: number;

  constructor(shape: FuseShape, seed: number) {
    invariant(isFuseShape(shape), 'a fuse filter has a shape within bounds', shape);
    this.#seedWord = Math.imul(seed, 0x9e3779b9);
    this.#starts = shape.segments - 2;
    this.#segmentBits = shape.segmentBits;
    this.#segmentSlots = 1 << shape.segmentBits;
  }

  /** Places a hash. Allocates nothing. */
  place(low: number, high: number): void {
    const x = mix(low ^ this.#seedWord);
    const y = mix(high ^ x);
    const z = mix((x + y) | 0);
    const slots = this.#segmentSlots;
    const mask = slots - 1;
    const start = Math.floor(((y >>> 0) * this.#starts) / 0x1_0000_0000) << this.#segmentBits;
    this.first = start + (y & mask);
    this.second = start + slots + (z & mask);
    this.third = start + slots + slots + ((z >>> 16) & mask);
    this.fingerprint = x >>> 24;
  }
}

/** The finalizer of MurmurHash3 (Austin Appleby, public domain), a bijection of 32 bits. */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
