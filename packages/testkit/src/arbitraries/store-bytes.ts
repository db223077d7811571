/**
 * Keys and values that make trouble: few, so that they meet, and at the edges of byte order.
 */
import * as fc from 'fast-check';

/** Shared prefixes, the empty key, and the smallest and greatest bytes. */
const BYTES = [0x00, 0x61, 0x62, 0xff] as const;

/** Returns keys of zero to three bytes over an alphabet of four: 85 keys, short ones more often. */
export function smallKeys(): fc.Arbitrary<Uint8Array> {
  const key = (lengthMax: number): fc.Arbitrary<Uint8Array> =>
    fc.array(fc.constantFrom(...BYTES), { maxLength: lengthMax }).map((bytes) => Uint8Array.from(bytes));
  return fc.oneof(
    { weight: 3, arbitrary: key(1) },
    { weight: 2, arbitrary: key(2) },
    { weight: 1, arbitrary: key(3) },
  );
}

/** Returns values of zero to four bytes, now and then one of 2,000 bytes. */
export function smallValues(): fc.Arbitrary<Uint8Array> {
  const long = fc.nat(255).map((byte) => new Uint8Array(2000).fill(byte));
  return fc.oneof({ weight: 15, arbitrary: fc.uint8Array({ maxLength: 4 }) }, { weight: 1, arbitrary: long });
}
