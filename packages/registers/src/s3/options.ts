/** Where registers are in S3. */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import type { CloudOptions } from '../cloud-options.ts';
import { REGISTER_KEY_BYTES_MAX } from '../limits.ts';

/** Options of `s3RegisterStore`. */
export interface S3RegisterOptions extends CloudOptions {
  readonly bucket: string;
  /** Precedes every register key in the bucket, such as `registers/`; empty by default. */
  readonly prefix?: string | undefined;
  /** Send `If-Match` without the quotes around the ETag: some compatible services compare it literally. */
  readonly unquotedEtags?: boolean | undefined;
  /** Put the bucket into the path, not into the host name; true with an `endpoint`, else false, by default. */
  readonly forcePathStyle?: boolean | undefined;
}

/**
 * Returns the object key of a register.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is too long with its prefix, has control characters, which a
 *   listing cannot carry, or segments that clients and services resolve (`.`, `..`, empty ones).
 */
export function objectKey(prefix: string, key: string): string {
  const whole = prefix + key;
  const bytes = encodeUtf8(whole).length;
  if (bytes > REGISTER_KEY_BYTES_MAX) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a register key is too long with its prefix: bytes=${bytes} max=${REGISTER_KEY_BYTES_MAX}`,
    );
  }
  const isPlain = whole.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  if (isPlain && !hasControlCharacter(whole)) return whole;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `a register key is no object key: register=${JSON.stringify(key)}`,
  );
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f || unit === 0xfffe || unit === 0xffff) return true;
  }
  return false;
}
