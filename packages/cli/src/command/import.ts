/** `clortho import`: the rows of an export into a store. */
import { isClorthoError } from '@clortho/base';
import type { OpenOptions, Timestamp } from '@clortho/engine';
import { Command, Option } from 'commander';
import { parseCount } from '../input/count.ts';
import { formatCount } from '../output/format.ts';
import { showProgress, silentProgress } from '../output/progress.ts';
import { withStore } from '../store/with-store.ts';
import { optionsOf } from '../transfer/export-header.ts';
import { importRows, wantedFamilies } from '../transfer/import-store.ts';
import { type CheckedExport, checkExport } from '../transfer/read-export.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addTimestampOption } from './row-options.ts';

interface ImportCommandOptions extends GlobalOptions {
  readonly family?: string;
  readonly into?: string;
  readonly batch: number;
  readonly timestamp?: Timestamp;
}

/** Returns the command. */
export function importCommand(context: CommandContext): Command {
  const command = new Command('import')
    .description(
      'Write the rows of an export into a store, which is created if it is missing. The export is checked as a whole first.',
    )
    .argument('<source>', 'the file, or the directory, that was exported')
    .option('--family <name>', 'only this family of the export')
    .option('--into <name>', 'the name that the family gets; its own by default')
    .addOption(new Option('--batch <rows>', 'rows per commit').argParser(parseCount(1)).default(1000));
  addTimestampOption(command);
  return command.action((source: string, _, self: Command) => importFrom(context, source, self));
}

async function importFrom(context: CommandContext, source: string, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<ImportCommandOptions>();
  const { json = false, family, into, batch: batchRows, timestamp } = options;
  const checked = await checkExport(source);
  const progress = json
    ? silentProgress
    : showProgress(terminal, { title: 'importing', unit: 'rows', total: checked.rows });
  try {
    const rows = await withStore(
      context,
      options,
      (store) =>
        importRows(store, checked, {
          family,
          into,
          batchRows,
          timestamp: timestamp instanceof Date ? timestamp.getTime() * 1000 + 999 : timestamp,
          onProgress: (done) => progress.update(done),
        }),
      await openingFor(context, options, checked),
    );
    progress.stop();
    terminal.line(json ? JSON.stringify({ rows }) : `${formatCount(rows)} rows`);
  } finally {
    progress.stop();
  }
}

/** A store that is missing is made like the one that was exported, as far as families are imported. */
async function openingFor(
  context: CommandContext,
  options: ImportCommandOptions,
  checked: CheckedExport,
): Promise<OpenOptions> {
  const wanted = wantedFamilies(checked, options);
  const work = (): Promise<boolean> => Promise.resolve(true);
  if (await withStore(context, options, work, { readOnly: true }).catch(falseIfMissing)) return {};
  const made = wanted.map((record) => [options.into ?? record.name, optionsOf(record)] as const);
  return { create: 'ifMissing', time: checked.header.time, families: Object.fromEntries(made) };
}

function falseIfMissing(error: unknown): boolean {
  if (isClorthoError(error, 'CLORTHO_NOT_FOUND')) return false;
  throw error;
}
