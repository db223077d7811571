/**
 * Codecs: how stored blocks are compressed.
 *
 * Invariants:
 * - Ids are part of the format and never change their meaning.
 * - `decompress` is given the exact size of the result and allocates no more than that.
 */

/** A codec by name, as a writer's option. */
export type CodecName = 'none' | 'lz4' | 'deflate' | 'zstd';

/** One way to compress a block. Functions throw anything on bad input; callers turn that into an error code. */
export interface Codec {
  readonly name: CodecName;
  readonly id: number;
  /** How many bytes one stored byte can become at most: bounds what a stored block may claim. */
  readonly expansionMax: number;
  /** Returns the compressed bytes; the result may be a view of memory that the next call uses again. */
  compress(raw: Uint8Array): Uint8Array;
  /** Returns `rawBytes` bytes in memory of their own. Throws if `stored` does not decompress to exactly those. */
  decompress(stored: Uint8Array, rawBytes: number): Uint8Array;
}
