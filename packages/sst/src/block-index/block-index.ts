/**
 * The index of an open file: which block holds a key, and the facts of every block.
 *
 *     find(key) --> partition table --> partition, decoded when it is first needed --> block
 *
 * A small file has one partition and no table. The partitions of a large file arrive with its tail and stay as they
 * are stored, a third of their decoded size, until something is looked for in them: opening costs the same at any size.
 *
 * Invariants:
 * - Ordinals count the blocks of the file; `partitionOf(ordinal)` has the block at `ordinal - firstBlock`.
 * - Nothing here waits: everything is in memory.
 */
import { compareSlices } from '@clortho/base';
import { integerAt } from '../column/integers.ts';
import { type Keys, keyStartAt } from '../column/keys.ts';
import { countBefore } from '../column/search-keys.ts';
import { corruptFile } from '../section.ts';
import { type IndexPartition, partitionWeight } from './index-partition.ts';
import type { PartitionTable } from './partition-table.ts';

/** What a block takes when its partition is decoded, roughly. */
const ENTRY_BYTES = 100;

/** Decodes partition `number` of a table. Throws `CLORTHO_CORRUPT`. */
export type DecodePartition = (number: number) => IndexPartition;

/** Finds blocks. */
export class BlockIndex {
  /** How many data blocks the file has. */
  readonly blocks: number;
  /** The memory that the index holds at most, in bytes. */
  readonly weight: number;
  readonly #table: PartitionTable | undefined;
  readonly #decode: DecodePartition | undefined;
  readonly #partitions: (IndexPartition | undefined)[];
  readonly #name: string;
  /** The partition that was asked for last. */
  #current: IndexPartition;

  private constructor(
    first: IndexPartition,
    blocks: number,
    weight: number,
    table: PartitionTable | undefined,
    decode: DecodePartition | undefined,
    name: string,
  ) {
    this.blocks = blocks;
    this.weight = weight;
    this.#partitions = [first];
    this.#table = table;
    this.#decode = decode;
    this.#name = name;
    this.#current = first;
  }

  /** Makes the index of a file with one partition. */
  static ofOne(partition: IndexPartition, name: string): BlockIndex {
    return new BlockIndex(
      partition,
      partition.blocks,
      partitionWeight(partition),
      undefined,
      undefined,
      name,
    );
  }

  /**
   * Makes the index of a file with a table, decoding its first partition; `storedBytes` is what `decode` keeps.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT`.
   */
  static ofTable(
    table: PartitionTable,
    decode: DecodePartition,
    storedBytes: number,
    name: string,
  ): BlockIndex {
    const blocks = table.blocks[table.partitions] as number;
    let weight = storedBytes + blocks * ENTRY_BYTES;
    for (let number = 0; number < table.partitions; number += 1) weight += integerAt(table.rawBytes, number);
    const first = checkedPartition(table, 0, decode(0), name);
    return new BlockIndex(first, blocks, weight, table, decode, name);
  }

  /**
   * Returns the last block whose first row is not after (key, timestamp), or -1: the block that holds the first row
   * at or after that place, unless that row begins the next block.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT` if the partition is damaged.
   */
  find(key: Uint8Array, timestamp: number): number {
    const table = this.#table;
    let number = 0;
    if (table !== undefined) {
      number = countBefore(table.firstKeys, table.firstTimestamps, key, timestamp, true) - 1;
      if (number < 0) return -1;
    }
    const partition = this.#partition(number);
    const { firstBlock, firstKeys, firstTimestamps } = partition;
    return firstBlock + countBefore(firstKeys, firstTimestamps, key, timestamp, true) - 1;
  }

  /**
   * Returns the partition of a block.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT` if the partition is damaged.
   */
  partitionOf(ordinal: number): IndexPartition {
    const { firstBlock, blocks } = this.#current;
    const table = this.#table;
    if (table === undefined || (ordinal >= firstBlock && ordinal < firstBlock + blocks)) return this.#current;
    let low = 0;
    let high = table.partitions;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((table.blocks[middle] as number) <= ordinal) low = middle;
      else high = middle;
    }
    this.#current = this.#partition(low);
    return this.#current;
  }

  /** Returns where a block begins in the file. Throws as {@link partitionOf}. */
  offsetAt(ordinal: number): number {
    const { offsets, firstBlock } = this.partitionOf(ordinal);
    return offsets[ordinal - firstBlock] as number;
  }

  /** Returns where a block ends in the file. Throws as {@link partitionOf}. */
  endAt(ordinal: number): number {
    const { offsets, firstBlock } = this.partitionOf(ordinal);
    return offsets[ordinal - firstBlock + 1] as number;
  }

  #partition(number: number): IndexPartition {
    const known = this.#partitions[number];
    if (known !== undefined) return known;
    // Only a table has partitions besides the first.
    const decode = this.#decode as DecodePartition;
    const partition = checkedPartition(this.#table as PartitionTable, number, decode(number), this.#name);
    this.#partitions[number] = partition;
    return partition;
  }
}

/** Returns the partition if it is what the table says and ends before the next one begins. */
function checkedPartition(
  table: PartitionTable,
  number: number,
  partition: IndexPartition,
  name: string,
): IndexPartition {
  const { blocks, firstKeys, firstTimestamps } = partition;
  const expected = (table.blocks[number + 1] as number) - (table.blocks[number] as number);
  const first =
    blocks === expected &&
    compareEntries(firstKeys, 0, table.firstKeys, number) === 0 &&
    integerAt(firstTimestamps, 0) === integerAt(table.firstTimestamps, number);
  if (!first)
    throw corruptFile(name, table.offsets[number] as number, 'partition is not the one of the table');
  if (number + 1 < table.partitions) {
    const order = compareEntries(firstKeys, blocks - 1, table.firstKeys, number + 1);
    const times = integerAt(firstTimestamps, blocks - 1) - integerAt(table.firstTimestamps, number + 1);
    if (order > 0 || (order === 0 && times <= 0)) {
      throw corruptFile(name, table.offsets[number] as number, 'partition reaches into the next one');
    }
  }
  return partition;
}

function compareEntries(left: Keys, leftIndex: number, right: Keys, rightIndex: number): number {
  return compareSlices(
    left.keyBytes,
    keyStartAt(left, leftIndex),
    keyStartAt(left, leftIndex + 1),
    right.keyBytes,
    keyStartAt(right, rightIndex),
    keyStartAt(right, rightIndex + 1),
  );
}
