/** Rows of a file, one per line: in columns for people, as JSON for programs. */
import { NEVER, type Row, type RowKind } from '@clortho/sst';
import { jsonText } from '../output/stats-json.ts';
import { bold, type Terminal } from '../output/terminal.ts';
import { bytesPreview } from './bytes-preview.ts';
import { timestampText } from './timestamp-text.ts';

const KINDS: Readonly<Record<RowKind, string>> = { 0: 'put', 1: 'delete', 2: 'merge' };
const TITLES = ['key', 'timestamp', 'end', 'kind', 'value'] as const;
/** Columns are as wide as those of the first rows need: what follows is not known yet. */
const ROWS_MEASURED = 200;
const GAP = '  ';

/** How to print rows. */
export interface RowPrinting {
  readonly isJson: boolean;
  /** Whether the timestamps of the rows are known. */
  readonly hasTimestamps: boolean;
}

/** Prints the rows as they come. */
export async function printRows(
  terminal: Terminal,
  rows: AsyncIterable<Row>,
  { isJson, hasTimestamps }: RowPrinting,
): Promise<void> {
  if (isJson) {
    for await (const row of rows) await terminal.write(`${jsonText(jsonOf(row, hasTimestamps))}\n`);
    return;
  }
  const lines = new RowLines(terminal, hasTimestamps);
  try {
    for await (const row of rows) await lines.add(row);
  } finally {
    // Also of a file that is damaged further on.
    await lines.flush();
  }
}

/** Lays rows out in columns, the first few together. */
class RowLines {
  readonly #terminal: Terminal;
  readonly #hasTimestamps: boolean;
  #waiting: Row[] | undefined = [];
  #widths: readonly number[] = [];

  constructor(terminal: Terminal, hasTimestamps: boolean) {
    this.#terminal = terminal;
    this.#hasTimestamps = hasTimestamps;
  }

  async add(row: Row): Promise<void> {
    if (this.#waiting === undefined) await this.#write(this.#cells(row), row.value);
    else this.#waiting.push(row);
    if (this.#waiting?.length === ROWS_MEASURED) await this.flush();
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const cells = waiting.map((row) => this.#cells(row));
    const titles = TITLES.slice(0, -1);
    this.#widths = titles.map((title, column) =>
      Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
    );
    const heading = [...titles.map((title, column) => this.#padded(title, column)), 'value'].join(GAP);
    await this.#terminal.write(`${bold(this.#terminal, heading)}\n`);
    for (const [at, row] of waiting.entries()) await this.#write(cells[at] ?? [], row.value);
  }

  #cells({ key, timestamp, endTimestamp = NEVER, kind }: Row): string[] {
    const keyCharacters = Math.max(16, Math.floor(this.#terminal.columns / 3));
    return [
      bytesPreview(key, keyCharacters),
      this.#hasTimestamps ? timestampText(timestamp) : '-',
      timestampText(endTimestamp),
      KINDS[kind],
    ];
  }

  async #write(cells: readonly string[], value: Uint8Array): Promise<void> {
    const start = cells.map((cell, column) => this.#padded(cell, column)).join(GAP) + GAP;
    const room = Math.max(16, this.#terminal.columns - start.length);
    await this.#terminal.write(`${(start + bytesPreview(value, room)).trimEnd()}\n`);
  }

  #padded(text: string, column: number): string {
    return text.padEnd(this.#widths[column] ?? 0);
  }
}

function jsonOf({ key, timestamp, endTimestamp = NEVER, kind, value }: Row, hasTimestamps: boolean): unknown {
  return {
    key,
    timestamp: hasTimestamps ? timestamp : undefined,
    endTimestamp: endTimestamp === NEVER ? undefined : endTimestamp,
    kind: KINDS[kind],
    value,
  };
}
