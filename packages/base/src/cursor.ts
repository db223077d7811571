/** A place in a byte array that encoders and decoders advance. */

/** Bytes and the offset of the next byte to read or write. `bytes` is borrowed, never copied. */
export interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}
