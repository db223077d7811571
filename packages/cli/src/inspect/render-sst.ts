/** An inspected SST as tables. */
import { NEVER } from '@clortho/sst';
import { bar } from '../output/chart.ts';
import { formatBytes, formatCount, formatMoment, formatShare } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import { bold, type Terminal } from '../output/terminal.ts';
import { printable } from '../output/tree.ts';
import type { SstInspection } from './inspect-sst.ts';

const BAR_CHARACTERS = 30;

/** Returns the layout, the summary, the statistics and the block table of a file. */
export function renderSst(terminal: Terminal, inspection: SstInspection): string {
  return [
    heading(inspection),
    bold(terminal, 'layout'),
    layout(terminal, inspection),
    bold(terminal, 'contents'),
    contents(terminal, inspection),
    bold(terminal, 'blocks'),
    blocks(terminal, inspection),
  ].join('\n\n');
}

function heading({ name, family, tier, level, summary }: SstInspection): string {
  const place = tier === undefined ? '' : `  family ${family}, ${tier}, level ${level}`;
  return `${name}  ${formatBytes(summary.bytes)}${place}`;
}

function layout(terminal: Terminal, { sections, summary }: SstInspection): string {
  return renderTable(
    terminal,
    [
      { title: 'section' },
      { title: 'offset', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: 'share', align: 'right' },
      { title: '' },
    ],
    sections.map(({ name, offset, bytes }) => [
      name,
      formatCount(offset),
      formatCount(bytes),
      formatShare(bytes, summary.bytes),
      bar(bytes, summary.bytes, BAR_CHARACTERS),
    ]),
  );
}

function contents(terminal: Terminal, { summary, uniformTimestamp }: SstInspection): string {
  const { rows, deletes, merges, rangeDeletes, rawBytes, minKey, maxKey, minTimestamp, maxTimestamp } =
    summary;
  const times =
    uniformTimestamp === undefined
      ? `${momentText(minTimestamp)} to ${momentText(maxTimestamp)}`
      : `${momentText(uniformTimestamp)}, the same for all rows, from the manifest`;
  const facts: readonly (readonly [string, string])[] = [
    [
      'rows',
      `${formatCount(rows)}, of them ${formatCount(deletes)} deletes and ${formatCount(merges)} merges`,
    ],
    ['range deletes', formatCount(rangeDeletes)],
    ['raw bytes', `${formatBytes(rawBytes)}, ${formatShare(summary.bytes, rawBytes)} stored`],
    ['keys', `${printable(minKey)} to ${printable(maxKey)}`],
    ['timestamps', times],
    ['ends', `${momentText(summary.minEndTimestamp)} to ${momentText(summary.maxEndTimestamp)}`],
    ...Object.entries(summary.statistics).map(
      ([name, bytes]) => [`statistics ${name}`, printable(bytes, 80)] as const,
    ),
  ];
  return renderTable(terminal, [{ title: 'fact' }, { title: 'value' }], facts);
}

function blocks(terminal: Terminal, inspection: SstInspection): string {
  return renderTable(
    terminal,
    [
      { title: 'block', align: 'right' },
      { title: 'offset', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: 'raw', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'first key' },
      { title: 'timestamps' },
    ],
    inspection.blocks.map((block) => [
      String(block.ordinal),
      formatCount(block.offset),
      formatCount(block.bytes),
      formatCount(block.rawBytes),
      formatCount(block.rows),
      printable(block.firstKey),
      `${momentText(block.minTimestamp)} to ${momentText(block.maxTimestamp)}`,
    ]),
  );
}

function momentText(timestamp: number): string {
  if (timestamp === 0) return 'none';
  return timestamp === NEVER ? 'never' : formatMoment(timestamp);
}
