/** Copies of files that were changed by one who knows the checks. */
import { crc32 } from 'node:zlib';

const FOOTER_BYTES = 64;
const CHECK_AT = 56;
const SALT_AT = 40;

/** Where a stored block lies. */
export interface StoredPlace {
  readonly offset: number;
  readonly storedBytes: number;
}

/** Changes the footer; the check comes out right. */
export function withFooter(file: Uint8Array, change: (footer: DataView) => void): Uint8Array {
  const bytes = file.slice();
  const footer = footerOf(bytes);
  change(footer);
  const covered = bytes.subarray(bytes.length - FOOTER_BYTES, bytes.length - FOOTER_BYTES + CHECK_AT);
  footer.setUint32(CHECK_AT, crc32(covered), true);
  return bytes;
}

/** Changes payload and codec of a stored block in the first 4 GiB of a file; the check comes out right. */
export function withBlock(
  file: Uint8Array,
  { offset, storedBytes }: StoredPlace,
  change: (stored: Uint8Array) => void,
): Uint8Array {
  const bytes = file.slice();
  const covered = bytes.subarray(offset, offset + storedBytes - 4);
  change(covered);
  const check = crc32(covered) ^ footerOf(bytes).getUint32(SALT_AT, true) ^ offset;
  new DataView(bytes.buffer).setUint32(offset + storedBytes - 4, check >>> 0, true);
  return bytes;
}

function footerOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - FOOTER_BYTES, FOOTER_BYTES);
}
