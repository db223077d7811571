/** From the sections of a tail to the index of the file. */
import { copyBytes } from '@clortho/base';
import { integerAt } from '../column/integers.ts';
import { FEATURE_INDEX_PARTITIONED, type Footer } from '../file/footer.ts';
import { type BlockOrigin, checkStoredBlock, decodeStoredBlock } from '../file/stored-block.ts';
import { corruptSection, type Section } from '../section.ts';
import { BlockIndex } from './block-index.ts';
import { decodeIndexPartition, type IndexPartition } from './index-partition.ts';
import { decodePartitionTable } from './partition-table.ts';

/**
 * Decodes the index section. `partitions` are the stored partitions of a large index, of which a copy is kept; with
 * `timestamp`, all rows have that one (the file stores none).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
 */
export function decodeBlockIndex(
  section: Section,
  partitions: Uint8Array,
  footer: Footer,
  origin: BlockOrigin,
  timestamp: number | undefined,
): BlockIndex {
  const { dataBytes, partitionBytes } = footer;
  if ((footer.required & FEATURE_INDEX_PARTITIONED) === 0) {
    const place = { firstBlock: 0, dataStart: 0, dataEnd: dataBytes };
    return BlockIndex.ofOne(decodeIndexPartition(section, place, timestamp), origin.name);
  }
  const table = decodePartitionTable(section, dataBytes, dataBytes + partitionBytes, timestamp);
  const { blocks, data, offsets, rawBytes } = table;
  const stored = copyBytes(partitions);
  const storedAt = (number: number): Uint8Array =>
    stored.subarray((offsets[number] as number) - dataBytes, (offsets[number + 1] as number) - dataBytes);
  for (let number = 0; number < table.partitions; number += 1) {
    checkStoredBlock(storedAt(number), offsets[number] as number, origin);
  }
  let columns: number | undefined;
  const decode = (number: number): IndexPartition => {
    const offset = offsets[number] as number;
    const part = decodeStoredBlock(storedAt(number), integerAt(rawBytes, number), offset, origin);
    const place = {
      firstBlock: blocks[number] as number,
      dataStart: data[number] as number,
      dataEnd: data[number + 1] as number,
    };
    const partition = decodeIndexPartition(part, place, timestamp);
    columns ??= partition.statistics.length;
    if (partition.statistics.length !== columns)
      throw corruptSection(part, 'partitions disagree on collectors');
    return partition;
  };
  return BlockIndex.ofTable(table, decode, stored.length, origin.name);
}
