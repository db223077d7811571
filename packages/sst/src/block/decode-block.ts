/**
 * Decoding a data block: bytes after the codec become a {@link Block}; see block-builder.ts for the layout.
 *
 * Each of the columns of integer-columns.ts has bounds of its own, so they are taken here one by one.
 */

import { decodeIntegers, writeStarts } from '../column/integers.ts';
import { decodeKeys, ROW_NUMBERS, VALUE_START } from '../column/keys.ts';
import { checkOrder } from '../column/order.ts';
import { SCRATCH, scratchNumbers } from '../column/scratch.ts';
import { decodeTimestamps } from '../column/timestamps.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import { MERGE, PUT } from '../row.ts';
import { corruptSection, type Section, takeVarint } from '../section.ts';
import { Block } from './block.ts';
import type { WorkMemory } from './work-memory.ts';

const valueRoom = (count: number): Float64Array => scratchNumbers(SCRATCH.valueLengths, count);

/**
 * Decodes a block. With `timestamp`, all rows have that one (the file stores none). The values of the block are a
 * view of the section's bytes, unless they and the keys are to be in `memory`.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, also if the rows are out of order.
 */
export function decodeBlock(section: Section, timestamp: number | undefined, memory?: WorkMemory): Block {
  // Rows differ in key or timestamp, so each takes a byte at least: this bounds what is allocated per row.
  const rows = takeVarint(section, section.bytes.length);
  if (rows === 0) throw corruptSection(section, 'block without rows');
  const timestamps = decodeTimestamps(section, rows, timestamp);
  const ends = decodeTimestamps(section, rows, undefined);
  const kinds = decodeIntegers(section, rows, PUT, MERGE);
  const valueLengths = decodeIntegers(section, rows, 0, VALUE_BYTES_MAX, valueRoom);
  const keys = decodeKeys(section, rows, KEY_BYTES_MAX, memory);
  checkOrder(section, keys, timestamps);
  const { offset } = section;
  const length = section.bytes.length - offset;
  const start = memory === undefined ? offset : memory.copy(section.bytes, offset, offset + length);
  const { table } = keys;
  writeStarts(section, valueLengths, rows, start, start + length, table, VALUE_START, ROW_NUMBERS);
  if (table[rows * ROW_NUMBERS + VALUE_START] !== start + length)
    throw corruptSection(section, 'bytes left over');
  return new Block(keys, timestamps, ends, kinds, memory === undefined ? section.bytes : memory.bytes);
}
