/** Checked conversion of keys, values and bounds to bytes. */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '@clortho/sst';
import type { Bytes } from '../api.ts';

/**
 * Returns the bytes of a key or key bound: a view of what was passed, or new bytes of a string.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is neither bytes nor well-formed text, or too long.
 */
export function keyBytes(key: Bytes, what = 'key'): Uint8Array {
  return sized(toBytes(key, what), KEY_BYTES_MAX, what);
}

/**
 * Returns the bytes of a key or key bound, as a copy.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` as {@link keyBytes} does.
 */
export function ownedKeyBytes(key: Bytes, what = 'key'): Uint8Array {
  const bytes = keyBytes(key, what);
  return typeof key === 'string' ? bytes : new Uint8Array(bytes);
}

/** Returns bytes as a copy, for a call that looks at them only later; text, and what is neither, as it is. */
export function owned<T>(input: T): T | Uint8Array {
  // Not `slice`: on a Buffer that is a view.
  return input instanceof Uint8Array ? new Uint8Array(input) : input;
}

/**
 * Returns the bytes of a value: a view of what was passed, or new bytes of a string.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is neither bytes nor well-formed text, or too large.
 */
export function valueBytes(value: Bytes): Uint8Array {
  return sized(toBytes(value, 'value'), VALUE_BYTES_MAX, 'value');
}

function toBytes(input: unknown, what: string): Uint8Array {
  if (input instanceof Uint8Array) return input;
  if (typeof input === 'string') return encodeUtf8(input);
  throw new ClorthoError('CLORTHO_INVALID', `a ${what} is bytes or a string: found=${typeof input}`);
}

function sized(bytes: Uint8Array, bytesMax: number, what: string): Uint8Array {
  if (bytes.length <= bytesMax) return bytes;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `the ${what} is too large: bytes=${bytes.length} max=${bytesMax}`,
  );
}
