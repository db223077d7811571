/** The table of the data blocks. */
import { type BlockFacts, NEVER } from '@clortho/sst';
import { formatCount } from '../output/format.ts';
import type { Column } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { bytesPreview } from './bytes-preview.ts';
import { type SstContents, storedStatistic } from './inspect-sst.ts';
import { renderLongTable } from './render-long-table.ts';
import { statisticText } from './render-statistics.ts';
import { timestampRange } from './timestamp-text.ts';

/** How many blocks of a long table are shown at its beginning, and at its end. */
const SHOWN_AT_ENDS = 10;
const STATISTIC_CHARACTERS = 24;
const KEY_CHARACTERS = 24;

/** How to show the blocks. */
export interface BlockTableOptions {
  /** All of them, also of a long table. */
  readonly isWhole: boolean;
  readonly hasTimestamps: boolean;
}

/** A column, and what it says of a block. */
interface BlockCell extends Column {
  cell(block: BlockFacts): string;
}

/** Returns the table; columns in which all blocks would say the same (no times, no ends, no damage) are left out. */
export function renderBlocks(terminal: Terminal, contents: SstContents, options: BlockTableOptions): string {
  const { blocks } = contents;
  if (blocks.length === 0) return 'none';
  const columns = columnsFor(contents, options);
  const row = (block: BlockFacts): string[] => columns.map(({ cell }) => cell(block));
  const left = options.isWhole ? 0 : Math.max(0, blocks.length - 2 * SHOWN_AT_ENDS);
  if (left < 2) return renderLongTable(terminal, columns, blocks.map(row));
  const middle = blocks.slice(SHOWN_AT_ENDS, -SHOWN_AT_ENDS);
  const damaged = middle
    .filter(({ ordinal }) => contents.columns.damage.has(ordinal))
    .slice(0, SHOWN_AT_ENDS);
  const dots = columns.map(() => '⋮');
  const rows = [
    ...blocks.slice(0, SHOWN_AT_ENDS).map(row),
    dots,
    ...damaged.flatMap((block) => [row(block), dots]),
    ...blocks.slice(-SHOWN_AT_ENDS).map(row),
  ];
  const hidden = formatCount(left - damaged.length);
  return `${renderLongTable(terminal, columns, rows)}\n\n${hidden} blocks between are left out; --blocks shows all`;
}

function columnsFor({ blocks, columns, collectors }: SstContents, options: BlockTableOptions): BlockCell[] {
  const count = (title: string, value: (block: BlockFacts) => number): BlockCell => ({
    title,
    align: 'right',
    cell: (block) => formatCount(value(block)),
  });
  const cells: BlockCell[] = [
    { title: 'block', align: 'right', cell: ({ ordinal }) => String(ordinal) },
    count('offset', ({ offset }) => offset),
    count('stored', ({ bytes }) => bytes),
    count('raw', ({ rawBytes }) => rawBytes),
    count('rows', ({ rows }) => rows),
    { title: 'first key', cell: ({ firstKey }) => bytesPreview(firstKey, KEY_CHARACTERS) },
  ];
  if (columns.damage.size > 0) {
    cells.push({ title: 'state', cell: ({ ordinal }) => (columns.damage.has(ordinal) ? 'DAMAGED' : '') });
  }
  if (options.hasTimestamps) {
    cells.push({
      title: 'timestamps',
      cell: ({ minTimestamp, maxTimestamp }) => timestampRange(minTimestamp, maxTimestamp),
    });
  }
  if (blocks.some(({ minEndTimestamp }) => minEndTimestamp !== NEVER)) {
    cells.push({
      title: 'ends',
      cell: ({ minEndTimestamp, maxEndTimestamp }) => timestampRange(minEndTimestamp, maxEndTimestamp),
    });
  }
  for (const collector of collectors) {
    if (blocks.every((block) => storedStatistic(block, collector.name).length === 0)) continue;
    cells.push({
      title: bytesPreview(Buffer.from(collector.name), KEY_CHARACTERS).replaceAll('"', ''),
      cell: (block) =>
        statisticText(collector, storedStatistic(block, collector.name), block.rows, STATISTIC_CHARACTERS),
    });
  }
  return cells;
}
