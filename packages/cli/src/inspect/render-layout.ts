/** The parts of a file as a picture and a table: what lies where, and how much of the file it is. */
import type { SstLayout, SstPart } from '@clortho/sst';
import { formatCount, formatShare } from '../output/format.ts';
import { type Column, renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';

/** One character per part that is there, in their order; they differ without colours. */
const FILLS = ['█', '▚', '▓', '▒', '╳', '░', '·'];
const PICTURE_CHARACTERS_MAX = 100;

/** Returns the map of a file of `bytes` bytes; data blocks that are damaged are counted by the caller. */
export function renderLayout(
  terminal: Terminal,
  { parts }: SstLayout,
  bytes: number,
  damagedBlocks: number,
): string {
  const there = parts.flatMap((part, at) => (part.bytes === 0 ? [] : [{ part, fill: FILLS[at] ?? '?' }]));
  const isDamaged = damagedBlocks > 0 || parts.some(({ damage }) => damage !== undefined);
  const columns: Column[] = [
    { title: '' },
    { title: 'part' },
    { title: 'offset', align: 'right' },
    { title: 'stored', align: 'right' },
    { title: 'share', align: 'right' },
    { title: 'raw', align: 'right' },
    { title: 'codec' },
    ...(isDamaged ? [{ title: 'state' }] : []),
  ];
  const rows = there.map(({ part, fill }) => [
    fill,
    part.name,
    formatCount(part.offset),
    formatCount(part.bytes),
    formatShare(part.bytes, bytes),
    part.rawBytes === undefined ? '' : formatCount(part.rawBytes),
    part.codec ?? '',
    ...(isDamaged ? [stateOf(part, damagedBlocks)] : []),
  ]);
  const characters = Math.min(terminal.columns, PICTURE_CHARACTERS_MAX);
  const widths = proportional(
    there.map(({ part }) => part.bytes),
    characters,
  );
  const picture = there.map(({ fill }, at) => fill.repeat(widths[at] ?? 0)).join('');
  return `${picture}\n\n${renderTable(terminal, columns, rows)}`;
}

/** Shares `total` characters out by size; what is there gets one at least, which the largest pay for. */
export function proportional(sizes: readonly number[], total: number): number[] {
  const sum = sizes.reduce((all, size) => all + size, 0);
  const widths = sizes.map((size) => (size === 0 ? 0 : Math.max(1, Math.round((size / sum) * total))));
  for (
    let over = widths.reduce((all, width) => all + width, 0) - total;
    over !== 0;
    over -= Math.sign(over)
  ) {
    const largest = widths.indexOf(Math.max(...widths));
    widths[largest] = (widths[largest] ?? 0) - Math.sign(over);
  }
  return widths;
}

function stateOf({ name, damage }: SstPart, damagedBlocks: number): string {
  if (damage !== undefined) return damage.code === 'CLORTHO_UNSUPPORTED' ? 'UNSUPPORTED' : 'DAMAGED';
  if (name === 'data blocks' && damagedBlocks > 0) return `${formatCount(damagedBlocks)} DAMAGED`;
  return '';
}
