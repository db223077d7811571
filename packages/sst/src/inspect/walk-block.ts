/**
 * Where the bytes of a data block go: the size of every column, found by walking from one to the next.
 *
 *     rowCount | timestamps | ends | kinds | valueLengths | keyPrefixes | keySuffixes | keyBytes | values
 *     varint   '------------ INTEGER_COLUMNS -------------' '---------- key column ------------'
 *
 * Integers are passed over. The keys are decoded, because the extent of their bytes depends on their lengths.
 *
 * Invariants:
 * - The columns tile the block: their sizes add up to its raw bytes.
 */
import { INTEGER_COLUMNS } from '../block/integer-columns.ts';
import { skipIntegers } from '../column/integers.ts';
import { BUNDLE_ROWS, decodeKeys, type Keys } from '../column/keys.ts';
import { KEY_BYTES_MAX } from '../limits.ts';
import { type Section, takeVarint } from '../section.ts';

/** The columns of a data block; of the key column, its three parts. */
export type BlockColumnName =
  | 'rowCount'
  | (typeof INTEGER_COLUMNS)[number]
  | 'keyPrefixes'
  | 'keySuffixes'
  | 'keyBytes'
  | 'values';

/** One column of one block. */
export interface BlockColumn {
  readonly name: BlockColumnName;
  /** Raw bytes, before the codec. */
  readonly bytes: number;
  /** How many bytes each number takes above the base of the column, 0 to 8; `undefined` where it has no numbers. */
  readonly width: number | undefined;
}

/** A block that was walked. */
export interface WalkedBlock {
  /** In the order of the format. */
  readonly columns: readonly BlockColumn[];
  /** The keys of all rows, expanded. */
  readonly keys: Keys;
}

/**
 * Walks a raw block.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if a column reaches beyond the block.
 */
export function walkBlock(section: Section): WalkedBlock {
  const columns: BlockColumn[] = [];
  let from = section.offset;
  const end = (name: BlockColumnName, width?: number): void => {
    columns.push({ name, bytes: section.offset - from, width });
    from = section.offset;
  };
  const rows = takeVarint(section, section.bytes.length);
  end('rowCount');
  for (const name of INTEGER_COLUMNS) end(name, skipIntegers(section, rows));
  const ahead: Section = { ...section };
  const keys = decodeKeys(ahead, rows, KEY_BYTES_MAX);
  takeVarint(section, KEY_BYTES_MAX);
  end('keyPrefixes', skipIntegers(section, Math.ceil(rows / BUNDLE_ROWS)));
  end('keySuffixes', skipIntegers(section, rows));
  section.offset = ahead.offset;
  end('keyBytes');
  section.offset = section.bytes.length;
  end('values');
  return { columns, keys };
}
