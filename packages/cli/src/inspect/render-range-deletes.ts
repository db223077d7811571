/** The range deletes of a file. */
import type { RangeDelete } from '@clortho/sst';
import { formatCount } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { bytesPreview } from './bytes-preview.ts';
import { timestampText } from './timestamp-text.ts';

const SHOWN = 10;
const KEY_CHARACTERS = 32;

/** Returns a table of the first few. */
export function renderRangeDeletes(
  terminal: Terminal,
  ranges: readonly RangeDelete[],
  hasTimestamps: boolean,
): string {
  const table = renderTable(
    terminal,
    [{ title: 'from key' }, { title: 'to below' }, { title: 'versions before' }],
    ranges
      .slice(0, SHOWN)
      .map(({ start, end, timestamp }) => [
        bytesPreview(start, KEY_CHARACTERS),
        bytesPreview(end, KEY_CHARACTERS),
        hasTimestamps ? timestampText(timestamp) : 'absent',
      ]),
  );
  const left = ranges.length - SHOWN;
  return left <= 0 ? table : `${table}\n\n${formatCount(left)} more are left out; --json has all`;
}
