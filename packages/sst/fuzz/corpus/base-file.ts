/** Base files: what a writer made, which cases then damage or rewrite. */

import { isClorthoError } from '@clortho/base';
import { codecNames } from '../../src/codec/registry.ts';
import {
  bloom,
  type CollectorDefinition,
  countBy,
  distinct,
  type EncodeSstOptions,
  encodeSst,
  type FilterOptions,
  minMax,
  ROW,
  type Row,
  Sst,
  type SstCursor,
  type SstOpenOptions,
} from '../../src/index.ts';
import { Draw } from '../draw.ts';
import { type FileParts, settle, takeApart } from '../layout/file-parts.ts';
import { type Place, seal } from '../layout/seal.ts';
import { randomRanges, randomRows } from './random-rows.ts';

/** One valid file. */
export interface BaseFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What opening it needs besides its bytes. */
  readonly open: Pick<SstOpenOptions, 'timestamp' | 'collectors'>;
  /** What the reader says of it when nobody touched it. */
  readonly truth: Truth;
  readonly parts: FileParts;
  readonly places: readonly Place[];
  /** The bound of blocks that it is read with: {@link MAX_BLOCK_BYTES} unless it needs more. */
  readonly maxBlockBytes: number;
}

/** What a file holds. */
export interface Truth {
  readonly rows: readonly Row[];
  /** Summary, statistics, range deletes and table of blocks. */
  readonly facts: unknown;
}

/** The bound of blocks that most files are read with. */
export const MAX_BLOCK_BYTES: number = 64 * 1024;

/** The bound that the format has. */
export const MAX_BLOCK_BYTES_EVER: number = 128 * 1024 * 1024;

/** The timestamp with which files without timestamps are opened. */
export const TIMESTAMP = 1_700_000_000_000_000;

/** The collectors that files are written and opened with, but for the slow one. */
const COLLECTORS: readonly CollectorDefinition[] = [
  minMax('size', (row) => row.valueEnd - row.valueStart),
  distinct('first', { type: 'bytes', offset: 0, length: 1 }, { precision: 4 }),
  countBy('kind', (row) => String(row.kind)),
];

/** All collectors that the fuzzer knows. */
const COLLECTORS_KNOWN: readonly CollectorDefinition[] = [
  ...COLLECTORS,
  bloom('names', { type: 'bytes', offset: 2, length: 4 }, { errorRate: 0.2 }),
];

/** Returns the base file of a seed: small ones have a few hundred bytes. */
export function writeBaseFile(seed: number, isSmall: boolean): BaseFile {
  const draw = new Draw(seed);
  const isTimeless = draw.oneIn(6);
  const count = draw.oneIn(12) ? 0 : draw.between(1, isSmall ? 12 : 48);
  const rows = randomRows(draw, count, isTimeless);
  const withTail = (times: number): boolean => draw.oneIn(isSmall ? times * 2 : times);
  const some = withTail(2) ? COLLECTORS.filter(() => draw.oneIn(2)) : [];
  const options: EncodeSstOptions = {
    codec: draw.pick(codecNames),
    blockBytes: draw.pick([1, 64, 120, 200, 300, 600, 4000, 32_768]),
    indexPartitionBytes: draw.pick([131_072, 131_072, 1, 60, 120, 250]),
    filter: filterOf(draw, isSmall),
    collectors: draw.oneIn(16) ? COLLECTORS_KNOWN : some,
    salt: draw.uint32(),
    timestamps: isTimeless ? 'absent' : 'stored',
    rangeDeletes: withTail(2) ? randomRanges(draw, draw.between(1, 6)) : [],
  };
  return baseFile(`seed ${seed}`, encodeSst(rows, options).bytes, isTimeless, rows);
}

/**
 * Returns a valid file as a base. `rows` are those written, where they are known.
 *
 * @throws {Error} if the fuzzer cannot rebuild the file from its parts, or the reader does not read what was written.
 */
export function baseFile(
  name: string,
  bytes: Uint8Array,
  isTimeless: boolean,
  rows?: readonly Row[],
): BaseFile {
  const open = { timestamp: isTimeless ? TIMESTAMP : undefined, collectors: COLLECTORS_KNOWN };
  const parts = takeApart(bytes);
  const rebuilt = seal(settle(parts));
  if (Buffer.compare(rebuilt.bytes, bytes) !== 0) throw new Error(`the fuzzer cannot rebuild ${name}`);
  const sst = Sst.openBytes(bytes, open);
  const truth = { rows: rowsOf(sst.cursor()), facts: factsOf(sst) };
  if (
    rows !== undefined &&
    !isSame(
      truth.rows,
      rows.map((row) => (isTimeless ? { ...row, timestamp: TIMESTAMP } : row)),
    )
  ) {
    throw new Error(`rows read are not those written: ${name}`);
  }
  const maxBlockBytes = isReadWithin(bytes, open, MAX_BLOCK_BYTES) ? MAX_BLOCK_BYTES : MAX_BLOCK_BYTES_EVER;
  return { name, bytes, open, truth, parts, places: rebuilt.places, maxBlockBytes };
}

/** Returns all facts of an open file but its rows; reads its whole index. */
export function factsOf(sst: Sst): unknown {
  return [sst.summary, sst.statistics, sst.rangeDeletes, sst.blockTable()];
}

/** Tells whether two values have the same plain contents; functions are all alike. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right || (typeof left === 'function' && typeof right === 'function')) return true;
  if (typeof left === 'number' && typeof right === 'number') return Number.isNaN(left) && Number.isNaN(right);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  const [first, second] = [left as Record<string, unknown>, right as Record<string, unknown>];
  return names.every((name) => isSame(first[name], second[name]));
}

function isReadWithin(bytes: Uint8Array, open: BaseFile['open'], maxBlockBytes: number): boolean {
  try {
    rowsOf(Sst.openBytes(bytes, { ...open, maxBlockBytes }).cursor());
    return true;
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_CORRUPT')) return false;
    throw error;
  }
}

function filterOf(draw: Draw, isSmall: boolean): FilterOptions {
  const family = draw.below(24);
  if (family === 0) return { family: 'bloom-filters', errorRate: draw.pick([0.01, 0.3, 0.9]) };
  if (family < (isSmall ? 12 : 5)) return { family: 'none' };
  if (draw.oneIn(4)) return { family: 'binary-fuse' };
  return { family: 'split-block-bloom', bitsPerKey: draw.pick([1, 4, 12, 12]) };
}

function rowsOf(cursor: SstCursor): Row[] {
  const rows: Row[] = [];
  for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) {
    rows.push({
      key: cursor.keyBytes.slice(cursor.keyStart, cursor.keyEnd),
      timestamp: cursor.timestamp,
      endTimestamp: cursor.endTimestamp,
      kind: cursor.kind,
      value: cursor.valueBytes.slice(cursor.valueStart, cursor.valueEnd),
    });
  }
  return rows;
}
