import { checksum } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { writeUint32 } from '../../src/column/integers.ts';
import { Sst } from '../../src/reader/sst.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';

/** A file whose footer was changed by one who knows the checksum. */
function withFooter(change: (footer: Uint8Array) => void): Uint8Array {
  const { bytes } = encodeSst([]);
  const footer = bytes.subarray(bytes.length - 64);
  change(footer);
  writeUint32(footer, 56, checksum(footer.subarray(0, 56)));
  return bytes;
}

describe('a footer that asks for what this build does not have', () => {
  it.each<[string, (footer: Uint8Array) => void, RegExp]>([
    [
      'a later version',
      (footer) => footer.fill(2, 52, 53),
      /cannot read the format version: value=2 file=new.sst/,
    ],
    [
      'a feature',
      (footer) => footer.fill(0x80, 47, 48),
      /cannot read the required features: value=2147483648/,
    ],
    ['a codec', (footer) => footer.fill(0x40, 55, 56), /cannot read the codec: value=14/],
  ])('is refused as unsupported: %s', (_, change, message) => {
    const bytes = withFooter(change);
    expect(() => Sst.openBytes(bytes, { name: 'new.sst' })).toThrow(message);
    expect(() => Sst.openBytes(bytes)).toThrow(expect.objectContaining({ code: 'CLORTHO_UNSUPPORTED' }));
  });

  it('is read when the feature is optional', () => {
    const bytes = withFooter((footer) => footer.fill(0xff, 48, 52));
    expect(Sst.openBytes(bytes).summary.rows).toBe(0);
  });

  it('is corrupt when its parts do not add up', () => {
    for (const at of [0, 8, 16, 24, 32, 36]) {
      const bytes = withFooter((footer) => {
        footer[at] = (footer[at] as number) + 1;
      });
      expect(() => Sst.openBytes(bytes)).toThrow(/parts do not add up|absent and has a size/);
    }
  });
});
