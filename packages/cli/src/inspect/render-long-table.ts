/** A table of any length, in the form of all tables: those cost a millisecond per row, a file may have a million blocks. */
import { type Column, renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';

const GAP = '  ';

/** Returns the lines of a table that has one row at least. */
export function renderLongTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, at) =>
    rows.reduce((width, row) => Math.max(width, row[at]?.length ?? 0), title.length),
  );
  const lines = rows.map((row) =>
    columns.map(({ align }, at) => {
      const [cell = '', width = 0] = [row[at], widths[at]];
      return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
    }),
  );
  const heading = renderTable(terminal, columns, lines.slice(0, 1)).split('\n').slice(0, -1);
  return [...heading, ...lines.map((cells) => cells.join(GAP).trimEnd())].join('\n');
}
