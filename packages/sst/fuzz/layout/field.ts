/**
 * Fields: what a stored block is made of before its codec, one after the other, each of which can be written wrongly.
 *
 * This is an encoder of its own, made from FORMAT.md: it writes what no writer would.
 */
import { VARINT_BYTES_MAX } from '@clortho/base';
import { ByteSink } from '../../src/sink.ts';

/** A number of 1 to 8 bytes; with `bytes`, those stand in the file instead. */
export interface VarintField {
  readonly kind: 'varint';
  readonly name: string;
  readonly value: number;
  readonly bytes?: Uint8Array | undefined;
}

/** A column of integers. */
export interface IntegersField {
  readonly kind: 'integers';
  readonly name: string;
  readonly values: readonly number[];
  readonly shape?: ColumnShape | undefined;
}

/** How a column of integers is written where that is not as a writer would. */
export interface ColumnShape {
  readonly width?: number | undefined;
  readonly base?: number | undefined;
  readonly baseBytes?: number | undefined;
  /** What the first byte says, whatever the column then is. */
  readonly head?: number | undefined;
}

/** Bytes as they are. */
export interface BytesField {
  readonly kind: 'bytes';
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One field. */
export type Field = VarintField | IntegersField | BytesField;

const DOUBLE = 8;

/** Returns the bytes of fields. */
export function encodeFields(fields: readonly Field[]): Uint8Array {
  const sink = new ByteSink(512);
  for (const field of fields) {
    if (field.kind === 'bytes') append(sink, field.bytes);
    else if (field.kind === 'integers') appendIntegers(sink, field);
    else if (field.bytes === undefined) sink.varint(field.value);
    else append(sink, field.bytes);
  }
  return sink.view().slice();
}

/** Returns the bytes of a varint whatever its value: below 2^63, also in more bytes than it needs. */
export function looseVarint(value: number, bytesMin: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80 || bytes.length + 1 < bytesMin) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
    if (bytes.length > VARINT_BYTES_MAX + 2) break;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function append(sink: ByteSink, bytes: Uint8Array): void {
  sink.copy(bytes, 0, bytes.length);
}

function appendIntegers(sink: ByteSink, { values, shape = {} }: IntegersField): void {
  let least = values[0] ?? 0;
  let most = least;
  let whole = true;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    whole &&= Number.isInteger(value);
  }
  const width = shape.width ?? (whole ? bytesOf(most - least) : DOUBLE);
  const base = shape.base ?? (width === DOUBLE ? 0 : least);
  const baseBytes = shape.baseBytes ?? (base < 0 ? DOUBLE : bytesOf(base));
  sink.byte(shape.head ?? (width & 15) | (baseBytes << 4));
  appendNumber(sink, base, baseBytes);
  if (width === 0) return;
  for (const value of values) appendNumber(sink, width >= DOUBLE ? value : value - base, width);
}

/** Appends the low `width` bytes of an integer, or a double of 8 bytes. */
function appendNumber(sink: ByteSink, value: number, width: number): void {
  const at = sink.reserve(width);
  if (width >= DOUBLE) {
    new DataView(sink.bytes.buffer, sink.bytes.byteOffset).setFloat64(at, value, true);
    return;
  }
  const end = 2 ** (8 * width);
  let rest = Number.isFinite(value) ? Math.floor(value) % end : 0;
  if (rest < 0) rest += end;
  for (let index = 0; index < width; index += 1) {
    sink.bytes[at + index] = rest % 0x100;
    rest = Math.floor(rest / 0x100);
  }
}

function bytesOf(distance: number): number {
  let bytes = 0;
  while (bytes < DOUBLE && distance >= 2 ** Math.min(53, 8 * bytes)) bytes += 1;
  return bytes;
}
