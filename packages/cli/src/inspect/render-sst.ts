/** An inspected SST as text. */
import type { ClorthoError } from '@clortho/base';
import { formatBytes, formatCount } from '../output/format.ts';
import { bold, type Terminal } from '../output/terminal.ts';
import type { SstInspection } from './inspect-sst.ts';
import { renderBlocks } from './render-blocks.ts';
import { renderColumns } from './render-columns.ts';
import { renderFacts } from './render-facts.ts';
import { renderFilter } from './render-filter.ts';
import { renderLayout } from './render-layout.ts';
import { renderRangeDeletes } from './render-range-deletes.ts';
import { renderStatistics } from './render-statistics.ts';
import type { SstVerdict } from './verify-sst.ts';
import type { SstFile } from './with-sst-file.ts';

const DAMAGE_SHOWN = 10;

/** Returns all that can be said before every row was looked at. */
export function renderSst(terminal: Terminal, inspection: SstInspection, hasAllBlocks: boolean): string {
  const { name, family, tier, level, layout, contents, summary, bytes, hasTimestamps } = inspection;
  const sections: [title: string, text: string][] = [
    ['layout', renderLayout(terminal, layout, bytes, contents?.columns.damage.size ?? 0)],
    ['facts', renderFacts(terminal, inspection)],
  ];
  if (contents !== undefined) {
    const { columns, filter, collectors, rangeDeletes, blocks } = contents;
    const isReadable = ({ ordinal }: { readonly ordinal: number }): boolean => !columns.damage.has(ordinal);
    const rows = blocks.filter(isReadable).reduce((sum, block) => sum + block.rows, 0);
    if (columns.columns.length > 0) sections.push(['columns', renderColumns(terminal, columns, rows)]);
    if (filter !== undefined) sections.push(['filter', renderFilter(terminal, filter)]);
    if (rangeDeletes.length > 0) {
      sections.push(['range deletes', renderRangeDeletes(terminal, rangeDeletes, hasTimestamps)]);
    }
    if (collectors.length > 0) {
      sections.push(['statistics', renderStatistics(terminal, collectors, summary?.rows ?? 0)]);
    }
    const options = { isWhole: hasAllBlocks, hasTimestamps };
    sections.push(['blocks', renderBlocks(terminal, contents, options)]);
  }
  const texts = sections.map(([title, text]) => `${bold(terminal, title)}\n\n${text}`);
  const place = tier === undefined ? '' : `  family ${family}, ${tier}, level ${level}`;
  return [headingOf(name, bytes) + place, ...texts].join('\n\n');
}

/** Returns what can be said of a file of which not even the footer can be read. */
export function renderUnreadable(terminal: Terminal, { name, size }: SstFile, error: ClorthoError): string {
  return `${headingOf(name, size)}\n\n${renderVerdict(terminal, { state: 'damaged', damage: [error] })}`;
}

/** Returns the verdict: one line, or one for each of the first faults. */
export function renderVerdict(terminal: Terminal, { state, damage }: SstVerdict): string {
  switch (state) {
    case 'whole':
      return bold(terminal, 'verified: checksums, order, index, filter and properties are right');
    case 'unverified':
      return 'not verified (--no-verify): every block has its checksum, nobody looked at the rows';
    case 'damaged': {
      const lines = damage.slice(0, DAMAGE_SHOWN).map((error) => bold(terminal, damageText(error)));
      const left = damage.length - DAMAGE_SHOWN;
      return [...lines, ...(left > 0 ? [`and ${formatCount(left)} more`] : [])].join('\n');
    }
  }
}

function headingOf(name: string, bytes: number): string {
  return `${name}  ${formatBytes(bytes)} (${formatCount(bytes)} bytes)`;
}

function damageText({ code, message }: ClorthoError): string {
  return `${code === 'CLORTHO_UNSUPPORTED' ? 'UNSUPPORTED' : 'DAMAGED'}: ${message}`;
}
