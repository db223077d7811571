/** Where the bytes of the data blocks go, column by column, and how wide the numbers in them are. */
import type { BlockColumnName } from '@clortho/sst';
import { formatBytes, formatCount, formatShare } from '../output/format.ts';
import { type Column, renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import type { ColumnTotals } from './add-up-columns.ts';

const NAMES: Readonly<Record<BlockColumnName, string>> = {
  rowCount: 'row count',
  timestamps: 'timestamps',
  ends: 'ends',
  kinds: 'kinds',
  valueLengths: 'value lengths',
  keyPrefixes: 'key prefix lengths',
  keySuffixes: 'key suffix lengths',
  keyBytes: 'key bytes',
  values: 'values',
};
const WIDTHS = ['0', '1', '2', '3', '4', '5', '6', '7', '8'];

/** Returns the table of the columns of all blocks that could be read, which have `rows` rows. */
export function renderColumns(terminal: Terminal, totals: ColumnTotals, rows: number): string {
  const { columns, expandedKeyBytes } = totals;
  const all = columns.reduce((sum, { bytes }) => sum + bytes, 0);
  const titles: Column[] = [
    { title: 'column' },
    ...['raw bytes', 'share', 'per row', ...WIDTHS].map((title) => ({ title, align: 'right' as const })),
  ];
  const lines = [...columns, { name: 'all', bytes: all, blocksByWidth: undefined } as const].map(
    ({ name, bytes, blocksByWidth }) => [
      name === 'all' ? 'all' : NAMES[name],
      formatCount(bytes),
      formatShare(bytes, all),
      rows === 0 ? '-' : (bytes / rows).toFixed(2),
      ...WIDTHS.map((_, width) => (blocksByWidth === undefined ? '' : countText(blocksByWidth[width] ?? 0))),
    ],
  );
  const keyBytes = columns.find(({ name }) => name === 'keyBytes')?.bytes ?? 0;
  return [
    renderTable(terminal, titles, lines),
    '',
    '0 to 8: in how many blocks the numbers of the column take so many bytes each',
    `key bytes stand for ${formatBytes(expandedKeyBytes)} of keys: ${formatShare(keyBytes, expandedKeyBytes)} are left`,
  ].join('\n');
}

function countText(blocks: number): string {
  return blocks === 0 ? '·' : formatCount(blocks);
}
