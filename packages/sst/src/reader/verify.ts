/**
 * A full check of a file: that its index, filter and properties tell the truth about its rows.
 *
 * Checksums, the order of rows and the place of every block are checked by decoding, here as everywhere.
 */
import { copyBytes, type Hash64, hashBytes, throwIfAborted } from '@clortho/base';
import type { Block } from '../block/block.ts';
import { integerAt } from '../column/integers.ts';
import { type FileFacts, fileFacts, type RowFacts } from '../file/file-facts.ts';
import type { Filter } from '../filter/filter.ts';
import { DELETE, MERGE } from '../row.ts';
import { corruptFile } from '../section.ts';
import type { BlockReader } from './block-reader.ts';
import type { Tail } from './tail.ts';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Reads and checks every block; `onProgress` hears the bytes read so far.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` naming the offset of the block; `CLORTHO_ABORTED`.
 */
export async function verifyBlocks(
  tail: Tail,
  blocks: BlockReader,
  signal: AbortSignal | undefined,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<void> {
  const { index, filter, origin } = tail;
  const facts = noRows();
  for (let ordinal = 0; ordinal < index.blocks; ordinal += 1) {
    throwIfAborted(signal);
    const offset = index.offsetAt(ordinal);
    const block = blocks.decode(ordinal, await blocks.read(ordinal, ordinal + 1, signal), offset);
    const times = timesOf(block);
    const problem = problemOfTimes(tail, ordinal, times) ?? problemOfFilter(filter, block);
    if (problem !== undefined) throw corruptFile(origin.name, offset, problem);
    addBlock(facts, block, times);
    onProgress?.(index.endAt(ordinal));
  }
  checkProperties(tail, facts);
}

interface Times {
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly minEnd: number;
  readonly maxEnd: number;
}

function noRows(): Mutable<RowFacts> {
  return {
    rawBytes: 0,
    blocks: 0,
    rows: 0,
    deletes: 0,
    merges: 0,
    firstKey: undefined,
    lastKey: undefined,
    minTimestamp: Number.POSITIVE_INFINITY,
    maxTimestamp: Number.NEGATIVE_INFINITY,
    minEnd: Number.POSITIVE_INFINITY,
    maxEnd: Number.NEGATIVE_INFINITY,
  };
}

function timesOf(block: Block): Times {
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
  return { minTimestamp, maxTimestamp, minEnd, maxEnd };
}

/** Checks the times that the index states of a block. */
function problemOfTimes({ index }: Tail, ordinal: number, times: Times): string | undefined {
  const partition = index.partitionOf(ordinal);
  const entry = ordinal - partition.firstBlock;
  const ends =
    times.minEnd === integerAt(partition.minEnds, entry) &&
    times.maxEnd === integerAt(partition.maxEnds, entry);
  if (!ends) return 'end timestamps are not those of the index';
  const starts =
    times.minTimestamp === integerAt(partition.minTimestamps, entry) &&
    times.maxTimestamp === integerAt(partition.maxTimestamps, entry);
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

function addBlock(facts: Mutable<RowFacts>, block: Block, times: Times): void {
  const { rows, keyBytes } = block;
  facts.blocks += 1;
  facts.rows += rows;
  facts.rawBytes += keyBytes.length + block.valueStartAt(rows) - block.valueStartAt(0);
  for (let row = 0; row < rows; row += 1) {
    const kind = block.kindAt(row);
    if (kind === DELETE) facts.deletes += 1;
    else if (kind === MERGE) facts.merges += 1;
  }
  facts.firstKey ??= copyBytes(keyBytes, block.keyStartAt(0), block.keyStartAt(1));
  facts.lastKey = copyBytes(keyBytes, block.keyStartAt(rows - 1), block.keyStartAt(rows));
  facts.minTimestamp = Math.min(facts.minTimestamp, times.minTimestamp);
  facts.maxTimestamp = Math.max(facts.maxTimestamp, times.maxTimestamp);
  facts.minEnd = Math.min(facts.minEnd, times.minEnd);
  facts.maxEnd = Math.max(facts.maxEnd, times.maxEnd);
}

/** Checks what the properties state against what was counted. */
function checkProperties(tail: Tail, facts: RowFacts): void {
  const { properties, rangeDeletes, timestamp, footer, origin } = tail;
  const counted: FileFacts = fileFacts(facts, rangeDeletes);
  // A file that stores no timestamps states zeros.
  const absent = timestamp === undefined ? {} : { minTimestamp: 0, maxTimestamp: 0 };
  for (const [fact, value] of Object.entries({ ...counted, ...absent })) {
    const stated = properties[fact as keyof FileFacts];
    if (textOf(stated) === textOf(value)) continue;
    const problem = `properties say ${fact} is ${textOf(stated)}, rows say ${textOf(value)}`;
    throw corruptFile(origin.name, footer.dataBytes, problem);
  }
}

function textOf(fact: number | Uint8Array): string {
  return typeof fact === 'number' ? String(fact) : `0x${Buffer.from(fact).toString('hex')}`;
}
