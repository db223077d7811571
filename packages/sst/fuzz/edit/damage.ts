/** Damage: what disks, networks and operators do to bytes, with the checks as they were written. */
import { concatBytes } from '@clortho/base';
import type { BaseFile } from '../corpus/base-file.ts';
import type { Draw } from '../draw.ts';

/** One way to damage a file; `other` is another file of the same corpus. Returns a copy. */
export type Damage = (draw: Draw, file: BaseFile, other: BaseFile) => Uint8Array;

/** All ways, by name. */
export const damages: Readonly<Record<string, Damage>> = {
  'bytes changed': (draw, { bytes }) => {
    const damaged = bytes.slice();
    for (let times = draw.between(1, 6); times > 0; times -= 1) {
      damaged[draw.below(bytes.length)] = draw.oneIn(2) ? draw.uint32() : draw.pick([0, 1, 0x7f, 0x80, 0xff]);
    }
    return damaged;
  },
  'bytes inserted': (draw, { bytes, places }) => {
    const at = cutOf(draw, bytes, places);
    const added = draw.oneIn(3) ? new Uint8Array(draw.between(1, 600)) : draw.bytes(draw.between(1, 16));
    return concatBytes([bytes.subarray(0, at), added, bytes.subarray(at)]);
  },
  'bytes removed': (draw, { bytes, places }) => {
    const [start, end] = rangeOf(draw, bytes, places);
    return concatBytes([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  'bytes repeated': (draw, { bytes, places }) => {
    const [start, end] = rangeOf(draw, bytes, places);
    return concatBytes([bytes.subarray(0, end), bytes.subarray(start, end), bytes.subarray(end)]);
  },
  'run overwritten': (draw, { bytes, places }) => {
    const damaged = bytes.slice();
    const [start, end] = rangeOf(draw, bytes, places);
    return damaged.fill(draw.pick([0, 0, 0xff]), start, end);
  },
  'ranges exchanged': (draw, { bytes, places }) => {
    const cuts = [0, 0, 0, 0].map(() => cutOf(draw, bytes, places)).sort((left, right) => left - right);
    const [a = 0, b = 0, c = 0, d = 0] = cuts;
    const part = (start: number, end?: number): Uint8Array => bytes.subarray(start, end);
    return concatBytes([part(0, a), part(c, d), part(b, c), part(a, b), part(d)]);
  },
  'parts exchanged': (draw, { bytes, places }) => {
    const left = draw.pick(places);
    const right = draw.pick(places);
    const damaged = bytes.slice();
    const length = Math.min(left.end - left.start, right.end - right.start);
    damaged.set(bytes.subarray(right.start, right.start + length), left.start);
    damaged.set(bytes.subarray(left.start, left.start + length), right.start);
    return damaged;
  },
  'two files joined': (draw, file, other) => {
    const head = file.bytes.subarray(0, cutOf(draw, file.bytes, file.places));
    return concatBytes([head, other.bytes.subarray(cutOf(draw, other.bytes, other.places))]);
  },
  'part of another file': (draw, file, other) => {
    const damaged = file.bytes.slice();
    const place = draw.pick(other.places);
    const at = draw.pick(file.places).start;
    const room = damaged.length - at;
    damaged.set(other.bytes.subarray(place.start, Math.min(place.end, place.start + room)), at);
    return damaged;
  },
  noise: (draw, { bytes }) => {
    const noise = draw.bytes(draw.below(400));
    return draw.oneIn(2) ? noise : concatBytes([noise, bytes.subarray(-64)]);
  },
  truncated: (draw, { bytes }) => bytes.slice(0, draw.below(bytes.length)),
  'bit flipped': (draw, { bytes }) => withBitFlipped(bytes, draw.below(bytes.length * 8)),
};

/** Returns a copy with one bit flipped. */
export function withBitFlipped(bytes: Uint8Array, bit: number): Uint8Array {
  const damaged = bytes.slice();
  damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
  return damaged;
}

/** Returns an offset: often one where a part begins or ends, or near it. */
function cutOf(draw: Draw, bytes: Uint8Array, places: BaseFile['places']): number {
  if (draw.oneIn(2)) return draw.below(bytes.length + 1);
  const place = draw.pick(places);
  const at = draw.oneIn(2) ? place.start : place.end;
  return Math.min(bytes.length, Math.max(0, draw.oneIn(2) ? at : at + draw.between(-6, 6)));
}

/** Returns a range that is not empty. */
function rangeOf(draw: Draw, bytes: Uint8Array, places: BaseFile['places']): [start: number, end: number] {
  const start = Math.min(bytes.length - 1, cutOf(draw, bytes, places));
  const cut = cutOf(draw, bytes, places);
  return cut > start ? [start, cut] : [start, Math.min(bytes.length, start + draw.between(1, 40))];
}
