/** Edits of one field: numbers at the edges of their ranges, columns in other shapes, bytes lost and added. */
import { concatBytes } from '@clortho/base';
import type { Draw } from '../draw.ts';
import {
  type ColumnShape,
  type Field,
  type IntegersField,
  looseVarint,
  type VarintField,
} from '../layout/field.ts';

const EDGES: readonly number[] = [
  0,
  1,
  2,
  3,
  5,
  6,
  7,
  8,
  15,
  16,
  17,
  31,
  32,
  127,
  128,
  255,
  256,
  1032,
  16_383,
  16_384,
  65_535,
  65_536,
  65_537,
  2 ** 21 - 1,
  2 ** 21,
  2 ** 21 + 1,
  2 ** 24,
  2 ** 26,
  2 ** 27,
  2 ** 27 + 5,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 40,
  2 ** 48,
  2 ** 52,
  2 ** 53 - 2,
  2 ** 53 - 1,
];
const BEYOND: readonly number[] = [
  -1,
  -2,
  -(2 ** 31),
  -(2 ** 32),
  -(2 ** 53) + 1,
  -(2 ** 53),
  2 ** 53,
  2 ** 54,
  2 ** 63,
  2 ** 64,
  1e308,
  0.5,
  -0.5,
  -0,
  1e-300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Returns a number at the edge of something, or near `value`. */
export function edgeNear(draw: Draw, value: number): number {
  if (draw.oneIn(3)) return value + draw.pick([-2, -1, 1, 1, 2, 16, -16, 256]);
  return draw.pick(EDGES);
}

/** Returns the field with one edit. */
export function editField(draw: Draw, field: Field): Field {
  if (field.kind === 'varint') return editVarint(draw, field);
  if (field.kind === 'integers') return editIntegers(draw, field);
  return { ...field, bytes: editBytes(draw, field.bytes) };
}

/** Returns bytes with one edit, as a copy. */
export function editBytes(draw: Draw, bytes: Uint8Array): Uint8Array {
  const at = draw.below(bytes.length + 1);
  const length = draw.between(1, 8);
  switch (draw.below(6)) {
    case 0:
      return concatBytes([bytes.subarray(0, at), draw.bytes(length), bytes.subarray(at)]);
    case 1:
      return concatBytes([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return bytes.slice(0, at);
    case 3:
      return concatBytes([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length))]);
    default: {
      const edited = bytes.slice();
      for (let times = draw.between(1, 4); times > 0 && edited.length > 0; times -= 1) {
        edited[draw.below(edited.length)] = draw.oneIn(2)
          ? draw.uint32()
          : draw.pick([0, 1, 0x7f, 0x80, 0xff]);
      }
      return edited;
    }
  }
}

function editVarint(draw: Draw, field: VarintField): VarintField {
  const { kind, name, value } = field;
  switch (draw.below(6)) {
    case 0:
      return { kind, name, value, bytes: looseVarint(value, draw.between(2, 9)) };
    case 1:
      return { kind, name, value, bytes: looseVarint(draw.pick([2 ** 53, 2 ** 56, 2 ** 63]), 1) };
    case 2:
      return { kind, name, value, bytes: new Uint8Array(draw.between(0, 9)).fill(0xff) };
    default:
      return { kind, name, value: Math.min(Math.max(0, edgeNear(draw, value)), Number.MAX_SAFE_INTEGER) };
  }
}

function editIntegers(draw: Draw, field: IntegersField): IntegersField {
  const { kind, name } = field;
  const values = field.values.slice();
  const at = draw.below(values.length);
  const value = values[at] ?? 0;
  switch (draw.below(10)) {
    case 0:
      return { kind, name, values, shape: shapeOf(draw) };
    case 1:
      values[at] = draw.pick(BEYOND);
      return { kind, name, values };
    case 2:
      values.splice(at, 1);
      return { kind, name, values };
    case 3:
      values.splice(at, 0, edgeNear(draw, value));
      return { kind, name, values };
    case 4:
      values[at] = values[draw.below(values.length)] ?? 0;
      return { kind, name, values };
    case 5:
      return { kind, name, values: values.map(() => (draw.oneIn(2) ? value : edgeNear(draw, value))) };
    case 6:
      return { kind, name, values: values.map(() => value) };
    default:
      values[at] = edgeNear(draw, value);
      return { kind, name, values };
  }
}

/** Returns a shape that a writer would not choose, valid or not. */
function shapeOf(draw: Draw): ColumnShape {
  switch (draw.below(5)) {
    case 0:
      return { width: draw.below(9) };
    case 1:
      return { width: draw.below(9), baseBytes: draw.below(9) };
    case 2:
      return {
        width: draw.below(9),
        base: draw.pick(draw.oneIn(2) ? EDGES : BEYOND),
        baseBytes: draw.below(9),
      };
    case 3:
      return { base: draw.pick(draw.oneIn(2) ? EDGES : BEYOND) };
    default:
      return { head: draw.below(256) };
  }
}
