/** How large things may be: what is beyond is refused where it is made, and dropped where it arrives. */

/** The longest name of a member, in UTF-8 bytes. */
const NAME_BYTES_MAX = 64;
/** The longest key, in UTF-8 bytes. */
const KEY_BYTES_MAX = 128;
/** The longest address, in UTF-8 bytes. */
const ADDRESS_BYTES_MAX = 80;
/** The largest value in MessagePack. */
export const VALUE_BYTES_MAX: number = 2 ** 20;
/** The largest value that fits into a datagram; larger ones are fetched over a stream. */
export const DATAGRAM_VALUE_BYTES_MAX = 900;
/** The most keys of a member, tombstones included. */
export const KEYS_MAX = 1024;
/** The most bytes of all values of a member. */
export const VALUES_BYTES_MAX: number = 4 * 2 ** 20;
/** The most bytes of all values of a member in the view of another one, which may have old and new ones side by side. */
export const VIEW_BYTES_MAX: number = 2 * VALUES_BYTES_MAX;
/** The largest answer over a stream: the keys of a member as one view has them, and a message that was almost full. */
export const ANSWER_BYTES_MAX: number = 9 * 2 ** 20;
/** The most bytes of all answers to a question. */
export const ANSWERS_BYTES_MAX: number = 2 ** 28;
/** The greatest generation, and the greatest member id: 48 bits. */
export const GEN_MAX: number = 2 ** 48 - 1;
/** The greatest incarnation. */
export const INC_MAX: number = 2 ** 32 - 1;
/** The greatest version: 48 bits. */
export const VERSION_MAX: number = 2 ** 48 - 1;

const ADDRESS = /^(?:\[[0-9a-fA-F:.%]+\]|[^\s:[\]]+):(\d{1,5})$/;

/** Tells whether `value` can be the name of a member. */
export function isName(value: unknown): value is string {
  return isText(value, NAME_BYTES_MAX);
}

/** Tells whether `value` can be a key. */
export function isKey(value: unknown): value is string {
  return isText(value, KEY_BYTES_MAX);
}

/** Tells whether `value` has the form `host:port` or `[ipv6]:port`. */
export function isAddress(value: unknown): value is string {
  if (!isText(value, ADDRESS_BYTES_MAX)) return false;
  const port = Number(ADDRESS.exec(value)?.[1] ?? 0);
  return port > 0 && port < 65_536;
}

function isText(value: unknown, bytesMax: number): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > bytesMax || !value.isWellFormed())
    return false;
  return value.length * 3 <= bytesMax || Buffer.byteLength(value) <= bytesMax;
}
