/**
 * The sizes that bound every allocation: a length read from a file is compared with these before use.
 */

/** The longest key in bytes. */
export const KEY_BYTES_MAX = 65_535;

/** The longest bound of a range delete in bytes: a key and its successor's zero byte. */
export const BOUND_BYTES_MAX: number = KEY_BYTES_MAX + 1;

/** The longest value in bytes (64 MiB). */
export const VALUE_BYTES_MAX: number = 64 * 2 ** 20;

/** The most bytes of one block or section before its codec, and of any array decoded from it (128 MiB). */
export const BLOCK_BYTES_MAX: number = 128 * 2 ** 20;

/** The most data blocks of a file: a cache key is `file * BLOCKS_MAX + ordinal`. */
export const BLOCKS_MAX: number = 2 ** 21;

/** The most range deletes of a file: each is an object while the file is open, however few bytes it has there. */
export const RANGE_DELETES_MAX: number = 2 ** 20;

/** The most collectors of a file. */
export const COLLECTORS_MAX = 64;
