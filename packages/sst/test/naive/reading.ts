/** A place in bytes that moves on as numbers are read, all of them little endian (R1). */
import { demand, type Rule } from './rule.ts';

export class Reading {
  /** Rules for writers that the bytes break; see `rule.ts`. */
  readonly remarks: string[];
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array, remarks: string[]) {
    this.#bytes = bytes;
    this.remarks = remarks;
  }

  get size(): number {
    return this.#bytes.length;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    demand(length <= this.left, 'R3', `${length} bytes stated, ${this.left} there`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** An unsigned integer of 0 to 8 bytes; exact, therefore a bigint. */
  unsigned(size: number): bigint {
    return this.take(size).reduceRight((number, byte) => number * 256n + BigInt(byte), 0n);
  }

  u8(): number {
    return Number(this.unsigned(1));
  }

  u16(): number {
    return Number(this.unsigned(2));
  }

  u32(): number {
    return Number(this.unsigned(4));
  }

  f64(): number {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  varint(): number {
    let number = 0n;
    for (let group = 0n; ; group += 1n) {
      const byte = this.u8();
      number += BigInt(byte % 128) << (7n * group);
      demand(number < 2n ** 53n, 'R11', 'varint of 2^53 or more');
      if (byte >= 128) continue;
      demand(byte > 0 || group === 0n, 'R11', 'varint longer than needed');
      return Number(number);
    }
  }

  /** Demands that everything was read. */
  end(rule: Rule, part: string): void {
    demand(this.left === 0, rule, `${this.left} bytes after the end of ${part}`);
  }

  remark(holds: boolean, rule: Rule, problem: string): void {
    if (!holds) this.remarks.push(`${rule}: ${problem}`);
  }
}
