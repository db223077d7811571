/** `clortho scan`: the rows of a range, one per line. */
import type { ScanOptions, Timestamp } from '@clortho/engine';
import { Command, Option } from 'commander';
import { bytesText } from '../input/bytes-text.ts';
import { parseCount } from '../input/count.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addMomentOption, addTextOptions, type TextOptions } from './row-options.ts';

const BOUNDS = ['gte', 'gt', 'lte', 'lt', 'prefix'] as const;

interface ScanCommandOptions
  extends GlobalOptions,
    TextOptions,
    Partial<Record<(typeof BOUNDS)[number], string>> {
  readonly family?: string;
  readonly asOf?: Timestamp;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Returns the command. */
export function scanCommand(context: CommandContext): Command {
  const command = new Command('scan')
    .description('Print the rows of a range in key order: key, tab, value; with --json one object per line.')
    .option('--prefix <key>', 'keys that begin with this')
    .option('--gte <key>', 'keys from this one on')
    .option('--gt <key>', 'keys above this one')
    .option('--lte <key>', 'keys up to this one')
    .option('--lt <key>', 'keys below this one')
    .option('--reverse', 'last key first')
    .addOption(new Option('--limit <rows>', 'at most so many rows').argParser(parseCount(0)));
  addMomentOption(command, '--as-of <time>', 'the rows as they were then');
  addTextOptions(addFamilyOption(command));
  return command.action((_, self: Command) => scan(context, self));
}

async function scan(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<ScanCommandOptions>();
  const text = bytesText(options);
  const { family, asOf, reverse, limit, json } = options;
  const bounds = BOUNDS.flatMap((bound) => {
    const key = options[bound];
    return key === undefined ? [] : [[bound, text.parse(key)] as const];
  });
  const range: ScanOptions = { ...Object.fromEntries(bounds), family, asOf, reverse, limit };
  await withStore(context, options, async (store) => {
    for await (const row of store.scan(range)) {
      const key = text.format(row.key);
      const value = text.format(row.value);
      const line =
        json === true ? JSON.stringify({ key, value, timestamp: row.timestamp }) : `${key}\t${value}`;
      await terminal.write(`${line}\n`);
    }
  });
}
