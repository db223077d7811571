/** What the collectors say of a whole file. */
import { renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { bytesPreview } from './bytes-preview.ts';
import type { CollectorInspection } from './inspect-sst.ts';

const ELSEWHERE_CHARACTERS = 40;
const CHARACTERS_MIN = 24;

/** Returns a table of the collectors; what is of no kind that is known here is shown as bytes. */
export function renderStatistics(
  terminal: Terminal,
  collectors: readonly CollectorInspection[],
  rows: number,
): string {
  const characters = Math.max(CHARACTERS_MIN, terminal.columns - ELSEWHERE_CHARACTERS);
  return renderTable(
    terminal,
    [{ title: 'collector' }, { title: 'version', align: 'right' }, { title: 'kind' }, { title: 'file' }],
    collectors.map(({ name, version, kind, bytes }) => [
      bytesPreview(Buffer.from(name), CHARACTERS_MIN),
      String(version),
      kind?.name ?? 'unknown',
      statisticText({ kind }, bytes, rows, characters),
    ]),
  );
}

/** Returns a statistic of so many rows as text of at most `charactersMax` characters. */
export function statisticText(
  { kind }: Pick<CollectorInspection, 'kind'>,
  bytes: Uint8Array,
  rows: number,
  charactersMax: number,
): string {
  if (bytes.length === 0) return '-';
  const text = kind?.read(bytes, rows)?.text;
  if (text === undefined) {
    const hex = `x'${Buffer.from(bytes.subarray(0, charactersMax)).toString('hex')}'`;
    return cut(hex, charactersMax);
  }
  return cut(text, charactersMax);
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}
