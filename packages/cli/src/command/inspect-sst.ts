/** `clortho inspect sst`: one file, as a whole or row by row. */
import { ClorthoError } from '@clortho/base';
import { readSstLayout } from '@clortho/sst';
import { Command, Option } from 'commander';
import { bytesText } from '../input/bytes-text.ts';
import { parseCount } from '../input/count.ts';
import { inspectSst, type SstInspection } from '../inspect/inspect-sst.ts';
import { inspectionJson, unreadableJson } from '../inspect/inspection-json.ts';
import { isDamage } from '../inspect/is-damage.ts';
import { openForInspection } from '../inspect/open-for-inspection.ts';
import { printRows } from '../inspect/print-rows.ts';
import { renderSst, renderUnreadable, renderVerdict } from '../inspect/render-sst.ts';
import { rowsOf } from '../inspect/rows-of.ts';
import { type SstVerdict, verifySst } from '../inspect/verify-sst.ts';
import { type SstFile, withSstFile } from '../inspect/with-sst-file.ts';
import { showProgress } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addMomentOption, addTextOptions, type TextOptions } from './row-options.ts';

interface InspectSstOptions extends GlobalOptions, TextOptions {
  readonly blocks?: boolean;
  readonly verify: boolean;
  readonly rows?: boolean;
  readonly prefix?: string;
  readonly from?: string;
  readonly to?: string;
  readonly asOf?: number;
  readonly reverse?: boolean;
  readonly limit?: number;
}

const ROW_OPTIONS = ['prefix', 'from', 'to', 'asOf', 'reverse', 'limit'] as const;

const NOTES = `
A file on disk needs no store. Of a damaged file, what can be read is shown, what is wrong is named, and the exit code is 1.
Statistics of the kinds that Clortho has are told by their shape; others are shown as bytes. The false positives of the
filter are measured with keys that the file does not have. --json has keys and values in hexadecimal.`;

/** Returns the command. */
export function inspectSstCommand(context: CommandContext): Command {
  const command = new Command('sst')
    .description('Show the layout, the columns, the blocks and the statistics of one SST, and verify it.')
    .argument('<file>', 'a path, or the id or key of an object of the store')
    .option('--blocks', 'all blocks, also of a long table')
    .option('--no-verify', 'do not check every row')
    .option('--rows', 'the rows instead, one per line: every version, with its end')
    .option('--prefix <key>', 'with --rows: keys that begin with this')
    .option('--from <key>', 'with --rows: keys from this one on')
    .option('--to <key>', 'with --rows: keys below this one')
    .option('--reverse', 'with --rows: last key first, oldest version first')
    .addOption(new Option('--limit <rows>', 'with --rows: at most so many').argParser(parseCount(0)));
  addMomentOption(
    command,
    '--as-of <time>',
    'with --rows: what is visible then, if there were no other file',
  );
  addTextOptions(command).addHelpText('after', NOTES);
  return command.action((name: string, _, self: Command) => inspect(context, name, self));
}

async function inspect(context: CommandContext, name: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<InspectSstOptions>();
  const rowOption = ROW_OPTIONS.find((option) => options[option] !== undefined);
  if (options.rows !== true && rowOption !== undefined) {
    const flag = rowOption === 'asOf' ? 'as-of' : rowOption;
    throw new ClorthoError('CLORTHO_INVALID', `--${flag} selects rows, which --rows shows`);
  }
  await withSstFile(context, options, name, (file) =>
    options.rows === true ? showRows(context, file, options) : showFile(context, file, options),
  );
}

async function showRows(
  { terminal }: CommandContext,
  file: SstFile,
  options: InspectSstOptions,
): Promise<void> {
  const { prefix, from, to, asOf, reverse = false, limit, json = false } = options;
  const text = bytesText(options);
  const key = (typed: string | undefined): Uint8Array | undefined =>
    typed === undefined ? undefined : text.parse(typed);
  const selection = { prefix: key(prefix), from: key(from), to: key(to), asOf, reverse, limit };
  const layout = await readSstLayout(file.source, file);
  const sst = await openForInspection(file, layout);
  const hasTimestamps = file.entry !== undefined || !layout.features.includes('timestamps absent');
  await printRows(terminal, rowsOf(sst, selection), { isJson: json, hasTimestamps });
}

async function showFile(
  { terminal }: CommandContext,
  file: SstFile,
  { json = false, blocks = false, verify }: InspectSstOptions,
): Promise<void> {
  const inspection = await readFile(terminal, file).catch((error: unknown) => {
    if (isDamage(error))
      terminal.line(json ? unreadableJson(file, error) : renderUnreadable(terminal, file, error));
    throw error;
  });
  if (!json) terminal.line(`${renderSst(terminal, inspection, blocks)}\n`);
  const { damage } = inspection;
  const verdict: SstVerdict =
    verify || damage.length > 0 ? await verifySst(terminal, inspection) : { state: 'unverified', damage };
  terminal.line(json ? inspectionJson(inspection, verdict) : renderVerdict(terminal, verdict));
  const [first] = verdict.damage;
  if (first !== undefined) throw first;
}

async function readFile(terminal: Terminal, file: SstFile): Promise<SstInspection> {
  const progress = showProgress(terminal, { title: 'reading', unit: 'bytes', total: file.size });
  try {
    const inspection = await inspectSst(file, (bytes) => progress.update(bytes));
    progress.update(file.size);
    return inspection;
  } finally {
    progress.stop();
  }
}
