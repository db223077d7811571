/** A full check of a file's data blocks against its tail. */
import { type Hash64, hashBytes, throwIfAborted } from '@clortho/base';
import type { Block } from '../block/block.ts';
import { integerAt } from '../column/integers.ts';
import type { Filter } from '../filter/filter.ts';
import { DELETE, MERGE } from '../row.ts';
import { corruptFile } from '../section.ts';
import type { BlockReader } from './block-reader.ts';
import type { Tail } from './tail.ts';

/**
 * Reads and checks every block.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` naming the offset of the block; `CLORTHO_ABORTED`.
 */
export async function verifyBlocks(
  tail: Tail,
  blocks: BlockReader,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { index, footer, properties } = tail;
  const counts = { rows: 0, deletes: 0, merges: 0, rawBytes: 0 };
  for (let ordinal = 0; ordinal < index.blocks; ordinal += 1) {
    throwIfAborted(signal);
    const offset = index.offsetAt(ordinal);
    // Decoding checks the order of the rows and that the block has its place.
    const block = blocks.decode(ordinal, await blocks.read(ordinal, ordinal + 1, signal), offset);
    const problem =
      problemOfIndex(tail, ordinal, block) ?? problemOfFilter(tail.filter, block) ?? countRows(block, counts);
    if (problem !== undefined) throw corruptFile(name, offset, problem);
  }
  for (const fact of ['rows', 'deletes', 'merges', 'rawBytes'] as const) {
    if (counts[fact] !== properties[fact]) {
      throw corruptFile(
        name,
        footer.dataBytes,
        `properties say ${properties[fact]} ${fact}, blocks ${counts[fact]}`,
      );
    }
  }
}

/** Checks the time bounds of a block. */
function problemOfIndex({ index }: Tail, ordinal: number, block: Block): string | undefined {
  const partition = index.partitionOf(ordinal);
  const entry = ordinal - partition.firstBlock;
  let minTimestamp = Number.POSITIVE_INFINITY;
  let maxTimestamp = Number.NEGATIVE_INFINITY;
  let minEnd = Number.POSITIVE_INFINITY;
  let maxEnd = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < block.rows; row += 1) {
    minTimestamp = Math.min(minTimestamp, block.timestampAt(row));
    maxTimestamp = Math.max(maxTimestamp, block.timestampAt(row));
    minEnd = Math.min(minEnd, block.endAt(row));
    maxEnd = Math.max(maxEnd, block.endAt(row));
  }
  const ends =
    minEnd === integerAt(partition.minEnds, entry) && maxEnd === integerAt(partition.maxEnds, entry);
  if (!ends) return 'end timestamps are not those of the index';
  const starts =
    minTimestamp === integerAt(partition.minTimestamps, entry) &&
    maxTimestamp === integerAt(partition.maxTimestamps, entry);
  return starts ? undefined : 'timestamps are not those of the index';
}

/** Checks that the filter denies no key. */
function problemOfFilter(filter: Filter, block: Block): string | undefined {
  const hash: Hash64 = { low: 0, high: 0 };
  for (let row = 0; row < block.rows; row += 1) {
    hashBytes(block.keyBytes, block.keyStartAt(row), block.keyStartAt(row + 1), hash);
    if (!filter.mayContain(hash.low, hash.high)) return `filter denies the key of row ${row}`;
  }
  return undefined;
}

function countRows(
  block: Block,
  counts: { rows: number; deletes: number; merges: number; rawBytes: number },
): undefined {
  counts.rows += block.rows;
  counts.rawBytes += block.keyBytes.length;
  for (let row = 0; row < block.rows; row += 1) {
    const kind = block.kindAt(row);
    if (kind === DELETE) counts.deletes += 1;
    else if (kind === MERGE) counts.merges += 1;
    counts.rawBytes += block.valueStartAt(row + 1) - block.valueStartAt(row);
  }
}
