/** A filter, and how it does against what is expected of it. */
import { formatBytes, formatCount } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import type { FilterMeasure } from './measure-filter.ts';

/** Returns what is known of the filter. */
export function renderFilter(terminal: Terminal, filter: FilterMeasure): string {
  const { family, bits, bitsPerKey, probes, falsePositives, expectedRate } = filter;
  const measured = `${percent(falsePositives / probes)}, ${formatCount(falsePositives)} of ${formatCount(probes)} absent keys`;
  const expected = expectedRate === undefined ? 'not known' : percent(expectedRate);
  return renderTable(
    terminal,
    [{ title: 'filter' }, { title: family }],
    [
      ['size', `${formatCount(bits)} bits, ${formatBytes(bits / 8)}`],
      ['bits per key', bitsPerKey === undefined ? 'not known' : bitsPerKey.toFixed(2)],
      ['false positives', `measured ${measured}; expected ${expected}`],
    ],
  );
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(3)} %`;
}
