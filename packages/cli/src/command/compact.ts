/** `clortho compact`: everything merged into its final place. */
import { Command } from 'commander';
import { formatBytes, formatCount } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

/** Returns the command. */
export function compactCommand(context: CommandContext): Command {
  return new Command('compact')
    .description('Merge everything into its final place. What it replaces is freed by gc.')
    .action((_, self: Command) => compact(context, self));
}

async function compact(context: CommandContext, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const result = await withStore(context, options, (store) => store.compact());
  const { jobs, drops, bytesRead, bytesWritten } = result;
  const text =
    `${formatCount(jobs)} merges, ${formatCount(drops)} drops: ` +
    `${formatBytes(bytesRead)} became ${formatBytes(bytesWritten)}`;
  context.terminal.line(options.json === true ? JSON.stringify(result) : text);
}
