/**
 * The columns of all blocks of a file, one block after the other.
 *
 * A damaged block does not end the walk: whether one block of a file is lost or every one is what its owner wants to know.
 */
import { type ClorthoError, compareSlices, copyBytes, EMPTY_BYTES, throwIfAborted } from '@clortho/base';
import type { CodecName } from '../codec/codec.ts';
import { codecById } from '../codec/registry.ts';
import { integerAt } from '../column/integers.ts';
import { type Keys, keyStartAt } from '../column/keys.ts';
import { codecIdOf, decodeStoredBlock } from '../file/stored-block.ts';
import type { BlockReader } from '../reader/block-reader.ts';
import type { Tail } from '../reader/tail.ts';
import { damageOf } from './read-part.ts';
import { type BlockColumn, walkBlock } from './walk-block.ts';

/** What a block is made of, or why that cannot be said. */
export type BlockColumns = ReadableBlock | DamagedBlock;

/** A block that could be walked. */
export interface ReadableBlock {
  readonly ordinal: number;
  readonly damage: undefined;
  /** How the block is stored: `none` also where the codec of the file saved too little. */
  readonly codec: CodecName;
  /** In the order of the format; their bytes add up to the raw bytes of the block. */
  readonly columns: readonly BlockColumn[];
  /** How many distinct keys begin in the block: the versions of one key count once, also across blocks. */
  readonly keys: number;
  /** The bytes of the keys of all rows, before prefixes and repeats were taken out. */
  readonly expandedKeyBytes: number;
}

/** A block that could not be walked. */
export interface DamagedBlock {
  readonly ordinal: number;
  /** `CLORTHO_CORRUPT` with the offset of the block, or `CLORTHO_UNSUPPORTED` for its codec. */
  readonly damage: ClorthoError;
}

/** Walks the blocks; see {@link Sst.blockColumns}. */
export async function* readBlockColumns(
  tail: Tail,
  blocks: BlockReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<BlockColumns, void, undefined> {
  const { index, origin } = tail;
  let keyBefore: Uint8Array | undefined;
  for (let ordinal = 0; ordinal < index.blocks; ordinal += 1) {
    throwIfAborted(signal);
    const partition = index.partitionOf(ordinal);
    const entry = ordinal - partition.firstBlock;
    const offset = partition.offsets[entry] as number;
    const rawBytes = integerAt(partition.rawBytes, entry);
    try {
      const stored = await blocks.read(ordinal, ordinal + 1, signal);
      const { columns, keys } = walkBlock(decodeStoredBlock(stored, rawBytes, offset, origin));
      const codec = codecById(codecIdOf(stored))?.name as CodecName;
      const expandedKeyBytes = keys.keyBytes.length;
      yield {
        ordinal,
        damage: undefined,
        codec,
        columns,
        keys: keysBegun(keys, keyBefore),
        expandedKeyBytes,
      };
      keyBefore = copyBytes(keys.keyBytes, keyStartAt(keys, keys.rows - 1), expandedKeyBytes);
    } catch (error) {
      keyBefore = undefined;
      yield { ordinal, damage: damageOf(error) };
    }
  }
}

/** Counts the keys that differ from the one before; `keyBefore` ends the block before. */
function keysBegun(keys: Keys, keyBefore: Uint8Array | undefined): number {
  let begun = 0;
  let bytes = keyBefore ?? EMPTY_BYTES;
  let start = 0;
  let end = bytes.length;
  for (let row = 0; row < keys.rows; row += 1) {
    const from = keyStartAt(keys, row);
    const to = keyStartAt(keys, row + 1);
    const isFirst = row === 0 && keyBefore === undefined;
    if (isFirst || compareSlices(bytes, start, end, keys.keyBytes, from, to) !== 0) begun += 1;
    bytes = keys.keyBytes;
    start = from;
    end = to;
  }
  return begun;
}
