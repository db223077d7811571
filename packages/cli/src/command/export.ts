/** `clortho export`: a store, or one family, as it was at one moment. */
import { ClorthoError } from '@clortho/base';
import type { Timestamp } from '@clortho/engine';
import { Command, Option } from 'commander';
import { formatCount } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import {
  type ExportOptions,
  type ExportResult,
  exportFile,
  exportLines,
  exportSsts,
} from '../transfer/export-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addMomentOption } from './row-options.ts';

interface ExportCommandOptions extends GlobalOptions {
  readonly family?: string;
  readonly asOf?: Timestamp;
  readonly format: 'sst' | 'ndjson';
}

/** Returns the command. */
export function exportCommand(context: CommandContext): Command {
  const command = new Command('export')
    .description(
      'Write a store, or one family, as it was at one moment: as NDJSON, or as SSTs in a directory.',
    )
    .argument('<target>', 'ndjson: the file, - is standard output; sst: the directory, new or empty')
    .addOption(new Option('--format <format>', 'what to write').choices(['ndjson', 'sst']).default('ndjson'));
  addMomentOption(addFamilyOption(command), '--as-of <time>', 'the rows as they were then; now by default');
  return command.action((target: string, _, self: Command) => exportTo(context, target, self));
}

async function exportTo(context: CommandContext, target: string, command: Command): Promise<void> {
  const { terminal } = context;
  const { json = false, format, family, asOf, ...options } = command.optsWithGlobals<ExportCommandOptions>();
  if (target === '-' && format === 'sst')
    throw new ClorthoError('CLORTHO_INVALID', 'SSTs are written into a directory, not to standard output');
  const what: ExportOptions = { family, asOf };
  const result = await withStore(context, options, (store): Promise<ExportResult> => {
    if (format === 'sst') return exportSsts(store, target, what);
    if (target === '-') return exportLines(store, what, (text) => terminal.write(text));
    return exportFile(store, target, what);
  });
  const { rows, families, files } = result;
  const text = `${formatCount(rows)} rows of ${families} families in ${formatCount(files)} files, as of ${result.asOf}`;
  if (target === '-') terminal.error(text);
  else terminal.line(json ? JSON.stringify(result) : text);
}
