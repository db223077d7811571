/** The columns of all blocks of a file in sums: where its bytes go, and how wide its numbers are. */
import type { ClorthoError } from '@clortho/base';
import type { BlockColumnName, BlockColumns, CodecName, Sst } from '@clortho/sst';

/** One column over all blocks that could be read. */
export interface ColumnTotal {
  readonly name: BlockColumnName;
  /** Raw bytes. */
  readonly bytes: number;
  /** In how many blocks its numbers take 0, 1 … 8 bytes above their base; `undefined` where it has no numbers. */
  readonly blocksByWidth: readonly number[] | undefined;
}

/** What the blocks of a file come to. */
export interface ColumnTotals {
  readonly columns: readonly ColumnTotal[];
  readonly blocksByCodec: Readonly<Partial<Record<CodecName, number>>>;
  /** Distinct keys. */
  readonly keys: number;
  /** The bytes of the keys of all rows, before prefixes and repeats were taken out. */
  readonly expandedKeyBytes: number;
  /** By ordinal, what is wrong with the blocks that could not be read. */
  readonly damage: ReadonlyMap<number, ClorthoError>;
}

type Sums = Map<BlockColumnName, { bytes: number; widths: number[] | undefined }>;

const WIDTHS = 9;

/** Walks all blocks of the file; `onBlock` hears the ordinals. */
export async function addUpColumns(sst: Sst, onBlock: (ordinal: number) => void): Promise<ColumnTotals> {
  const sums: Sums = new Map();
  const blocksByCodec: Partial<Record<CodecName, number>> = {};
  const damage = new Map<number, ClorthoError>();
  let keys = 0;
  let expandedKeyBytes = 0;
  for await (const block of sst.blockColumns()) {
    onBlock(block.ordinal);
    if (block.damage !== undefined) {
      damage.set(block.ordinal, block.damage);
      continue;
    }
    blocksByCodec[block.codec] = (blocksByCodec[block.codec] ?? 0) + 1;
    keys += block.keys;
    expandedKeyBytes += block.expandedKeyBytes;
    addColumns(sums, block);
  }
  const columns = [...sums].map(([name, { bytes, widths }]) => ({ name, bytes, blocksByWidth: widths }));
  return { columns, blocksByCodec, keys, expandedKeyBytes, damage };
}

function addColumns(sums: Sums, { columns }: Extract<BlockColumns, { readonly damage: undefined }>): void {
  for (const { name, bytes, width } of columns) {
    const sum = sums.get(name) ?? { bytes: 0, widths: undefined };
    sum.bytes += bytes;
    if (width !== undefined) {
      sum.widths ??= new Array<number>(WIDTHS).fill(0);
      sum.widths[width] = (sum.widths[width] ?? 0) + 1;
    }
    sums.set(name, sum);
  }
}
