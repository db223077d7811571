/** That a decoded block is what the index says: then searches in index and block agree, and rows ascend across blocks. */
import { compareSlices } from '@clortho/base';
import type { Block } from '../block/block.ts';
import type { BlockIndex } from '../block-index/block-index.ts';
import type { IndexPartition } from '../block-index/index-partition.ts';
import { integerAt } from '../column/integers.ts';
import { keyStartAt } from '../column/keys.ts';
import { corruptSection, type Section } from '../section.ts';

/**
 * Checks number of rows, first row, and that the last row comes before the next block.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function checkPlace(block: Block, index: BlockIndex, ordinal: number, section: Section): void {
  const partition = index.partitionOf(ordinal);
  const entry = ordinal - partition.firstBlock;
  const { rows } = block;
  if (rows !== integerAt(partition.rows, entry) || compareWithEntry(block, 0, partition, entry) !== 0) {
    throw corruptSection(section, 'rows are not those of the index');
  }
  const next = ordinal + 1;
  if (next === index.blocks) return;
  const follower = index.partitionOf(next);
  if (compareWithEntry(block, rows - 1, follower, next - follower.firstBlock) >= 0) {
    throw corruptSection(section, 'rows reach into the next block');
  }
}

/** Orders a row and the first row of an entry of the index. */
function compareWithEntry(block: Block, row: number, partition: IndexPartition, entry: number): number {
  const keys = partition.firstKeys;
  const order = compareSlices(
    block.keyBytes,
    block.keyStartAt(row),
    block.keyStartAt(row + 1),
    keys.keyBytes,
    keyStartAt(keys, entry),
    keyStartAt(keys, entry + 1),
  );
  return order !== 0 ? order : integerAt(partition.firstTimestamps, entry) - block.timestampAt(row);
}
