/**
 * `clortho load`: records of a CSV or NDJSON file into a store, in batches.
 *
 * Invariants:
 * - Batches are written one after the other: what was loaded when it failed is the beginning of the file.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ClorthoError, systemClock } from '@clortho/base';
import type { Operation, Store, Timestamp } from '@clortho/engine';
import { Command, Option } from 'commander';
import { parseCount } from '../input/count.ts';
import { type RecordFormat, readRecords } from '../input/read-records.ts';
import { rowOf } from '../input/record-rows.ts';
import { formatCount, formatDuration } from '../output/format.ts';
import { type Progress, showProgress, silentProgress } from '../output/progress.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addTimestampOption } from './row-options.ts';

interface LoadOptions extends GlobalOptions {
  readonly key: string;
  readonly value?: string;
  readonly format?: RecordFormat;
  readonly delimiter: string;
  readonly batch: number;
  readonly family?: string;
  readonly timestamp?: Timestamp;
}

/** A source of bytes; `total` is unknown for standard input. */
interface Source {
  readonly stream: Readable;
  readonly total: number | undefined;
  bytesRead(): number;
}

/** Returns the command. */
export function loadCommand(context: CommandContext): Command {
  const command = new Command('load')
    .description(
      'Load the records of a CSV or NDJSON file. With external time, each batch is a microsecond later.',
    )
    .argument('<file>', 'the file; - is standard input')
    .requiredOption('--key <column>', 'the column that is the key')
    .option('--value <column>', 'the column that is the value; by default the whole record as JSON')
    .addOption(
      new Option('--format <format>', 'by default what the name of the file says').choices(['csv', 'ndjson']),
    )
    .option('--delimiter <character>', 'between the columns of CSV', ',')
    .addOption(new Option('--batch <rows>', 'rows per commit').argParser(parseCount(1)).default(1000));
  addTimestampOption(addFamilyOption(command));
  return command.action((file: string, _, self: Command) => load(context, file, self));
}

async function load(context: CommandContext, file: string, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<LoadOptions>();
  const format = options.format ?? formatOf(file);
  const source = await openSource(file);
  const began = systemClock.monotonic();
  const { total } = source;
  const isSilent = options.json === true || total === undefined;
  const progress = isSilent
    ? silentProgress
    : showProgress(terminal, { title: 'loading', unit: 'bytes', total });
  try {
    const rows = await withStore(context, options, (store) =>
      loadRecords(store, source, format, options, progress),
    );
    progress.stop();
    const ms = systemClock.monotonic() - began;
    const text = `${formatCount(rows)} rows in ${formatDuration(ms)}, ${formatCount((1000 * rows) / ms)} rows/s`;
    terminal.line(options.json === true ? JSON.stringify({ rows, ms: Math.round(ms) }) : text);
  } finally {
    progress.stop();
    source.stream.destroy();
  }
}

async function loadRecords(
  store: Store,
  source: Source,
  format: RecordFormat,
  options: LoadOptions,
  progress: Progress,
): Promise<number> {
  const { family, batch: batchRows } = options;
  let next = options.timestamp;
  let rows = 0;
  let batch: Operation[] = [];
  const commit = async (): Promise<void> => {
    const { timestamp } = await store.write(batch, { timestamp: next });
    if (next !== undefined) next = timestamp + 1;
    rows += batch.length;
    batch = [];
    progress.update(source.bytesRead());
  };
  for await (const record of readRecords(source.stream, format, options.delimiter)) {
    batch.push({ type: 'put', family, ...rowOf(record, options.key, options.value) });
    if (batch.length === batchRows) await commit();
  }
  if (batch.length > 0) await commit();
  return rows;
}

async function openSource(file: string): Promise<Source> {
  if (file === '-') return { stream: process.stdin, total: undefined, bytesRead: () => 0 };
  let total: number;
  try {
    total = (await stat(file)).size;
  } catch (cause) {
    throw new ClorthoError('CLORTHO_NOT_FOUND', `the file cannot be read: file=${file}`, { cause });
  }
  const stream = createReadStream(file);
  return { stream, total, bytesRead: () => stream.bytesRead };
}

function formatOf(file: string): RecordFormat {
  if (/\.(?:csv|tsv)$/i.test(file)) return 'csv';
  if (/\.(?:ndjson|jsonl)$/i.test(file)) return 'ndjson';
  throw new ClorthoError('CLORTHO_INVALID', `csv or ndjson? pass --format: file=${file}`);
}
