/** What a file says of itself as a whole. */
import type { SstSummary } from '@clortho/sst';
import { formatBytes, formatCount } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { bytesPreview } from './bytes-preview.ts';
import type { SstInspection } from './inspect-sst.ts';
import { timestampText } from './timestamp-text.ts';

type Fact = readonly [name: string, value: string];

const KEY_CHARACTERS_MIN = 24;

/** Returns the facts of footer and properties, and those that the blocks add up to. */
export function renderFacts(terminal: Terminal, inspection: SstInspection): string {
  const { layout, summary } = inspection;
  const facts: Fact[] = [
    ['format', `version ${layout.version}`],
    ['features', layout.features.join(', ') || 'none'],
    ['codecs', codecsText(inspection)],
    ['salt', `0x${layout.salt.toString(16).padStart(8, '0')}`],
    ...(layout.partitions === undefined || layout.partitions < 2
      ? []
      : [['index', `${formatCount(layout.partitions)} partitions`] as const]),
    ...(summary === undefined ? [] : summaryFacts(terminal, inspection, summary)),
  ];
  return renderTable(terminal, [{ title: 'fact' }, { title: 'value' }], facts);
}

function codecsText({ layout, contents }: SstInspection): string {
  const blocks = Object.entries(contents?.columns.blocksByCodec ?? {});
  const counts = blocks.map(([codec, count]) => `${formatCount(count)} ${codec}`).join(', ');
  return layout.codecs.join(', ') + (counts === '' ? '' : `; data blocks: ${counts}`);
}

function summaryFacts(terminal: Terminal, inspection: SstInspection, summary: SstSummary): Fact[] {
  const { rows, deletes, merges, rangeDeletes, minKey, maxKey, minEndTimestamp, maxEndTimestamp } = summary;
  const puts = rows - deletes - merges;
  const kinds = `${formatCount(puts)} puts, ${formatCount(deletes)} deletes, ${formatCount(merges)} merges`;
  const characters = Math.max(KEY_CHARACTERS_MIN, Math.floor((terminal.columns - 24) / 2));
  const key = (bytes: Uint8Array): string => bytesPreview(bytes, characters);
  const hasKeys = rows > 0 || rangeDeletes > 0;
  return [
    ['rows', rows === 0 ? '0' : `${formatCount(rows)}: ${kinds}`],
    ['range deletes', formatCount(rangeDeletes)],
    ['keys', hasKeys ? `${key(minKey)} to ${key(maxKey)}` : 'none'],
    ...distinctKeys(inspection, rows),
    ['timestamps', hasKeys ? timestampsText(inspection, summary) : 'none'],
    ['ends', rows === 0 ? 'none' : spanText(minEndTimestamp, maxEndTimestamp)],
    ...sizes(inspection, summary),
  ];
}

function timestampsText(
  { hasTimestamps, uniformTimestamp }: SstInspection,
  { minTimestamp, maxTimestamp }: SstSummary,
): string {
  if (!hasTimestamps) return 'absent: one for all rows, which the manifest of the store has';
  const span = spanText(minTimestamp, maxTimestamp);
  return uniformTimestamp === undefined ? span : `${span}, the same for all rows, from the manifest`;
}

function spanText(least: number, greatest: number): string {
  return least === greatest ? timestampText(least) : `${timestampText(least)} to ${timestampText(greatest)}`;
}

function distinctKeys({ contents }: SstInspection, rows: number): Fact[] {
  if (contents === undefined || contents.columns.damage.size > 0 || rows === 0) return [];
  const { keys } = contents.columns;
  return [['distinct keys', `${formatCount(keys)}, ${(rows / keys).toFixed(2)} versions each`]];
}

/** The way from keys and values to the file, in bytes. */
function sizes({ layout, bytes, contents }: SstInspection, { rows, rawBytes }: SstSummary): Fact[] {
  if (rows === 0) return [['file', formatBytes(bytes)]];
  const stored = layout.parts[0]?.bytes ?? 0;
  const perRow = (size: number): string => `${(size / rows).toFixed(1)} B per row`;
  const ratio = (size: number): string => `ratio ${(rawBytes / size).toFixed(2)}`;
  const inColumns = contents?.blocks.reduce((sum, block) => sum + block.rawBytes, 0);
  return [
    ['keys and values', `${formatBytes(rawBytes)}, ${perRow(rawBytes)}`],
    ...(inColumns === undefined
      ? []
      : [['in columns', `${formatBytes(inColumns)}, ${perRow(inColumns)}, ${ratio(inColumns)}`] as const]),
    ['data blocks', `${formatBytes(stored)}, ${perRow(stored)}, ${ratio(stored)}`],
    ['file', `${formatBytes(bytes)}, ${perRow(bytes)}, ${ratio(bytes)}`],
  ];
}
