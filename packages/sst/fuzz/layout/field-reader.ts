/** Reads the fields of blocks that a writer made: it trusts them. */
import { decodeVarint } from '@clortho/base';
import type { BytesField, Field, IntegersField } from './field.ts';

/** Takes one field after the other off some bytes. */
export class FieldReader {
  readonly fields: Field[] = [];
  readonly #cursor: { readonly bytes: Uint8Array; offset: number };

  /** Reads from the first byte on. */
  constructor(bytes: Uint8Array) {
    this.#cursor = { bytes, offset: 0 };
  }

  /** Takes a varint and returns its value. */
  varint(name: string): number {
    const value = decodeVarint(this.#cursor);
    this.fields.push({ kind: 'varint', name, value });
    return value;
  }

  /** Takes a column of `count` integers. */
  integers(name: string, count: number): readonly number[] {
    const head = this.#byte();
    const width = head & 15;
    const base = this.#number(head >>> 4);
    const values = Array.from({ length: count }, () => {
      if (width === 8) return this.#number(8);
      return width === 0 ? base : base + this.#number(width);
    });
    const field: IntegersField = { kind: 'integers', name, values };
    this.fields.push(field);
    return values;
  }

  /** Takes `length` bytes; without a length, all that are left. */
  bytes(name: string, length?: number): Uint8Array {
    const { bytes, offset } = this.#cursor;
    const field: BytesField = {
      kind: 'bytes',
      name,
      bytes: bytes.slice(offset, length === undefined ? undefined : offset + length),
    };
    this.#cursor.offset += field.bytes.length;
    this.fields.push(field);
    return field.bytes;
  }

  #byte(): number {
    return this.#cursor.bytes[this.#cursor.offset++] as number;
  }

  #number(width: number): number {
    const { bytes, offset } = this.#cursor;
    if (width === 8) {
      this.#cursor.offset += 8;
      return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(offset, true);
    }
    let value = 0;
    for (let index = 0; index < width; index += 1) value += this.#byte() * 2 ** (8 * index);
    return value;
  }
}
