/** `clortho truncate`: the past below a time given up. */
import type { Timestamp } from '@clortho/engine';
import { Command } from 'commander';
import { parseMoment } from '../input/moment.ts';
import { formatBytes, formatCount, formatMoment } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

/** Returns the command. */
export function truncateCommand(context: CommandContext): Command {
  return new Command('truncate')
    .description('Give up history: reads at <time> and later stay exact, earlier ones fail from then on.')
    .argument('<time>', 'an ISO date or microseconds', parseMoment)
    .action((time: Timestamp, _, self: Command) => truncate(context, time, self));
}

async function truncate(context: CommandContext, time: Timestamp, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const result = await withStore(context, options, (store) => store.truncateHistory(time));
  const { horizon, filesDropped, rowsDropped, bytesFreed } = result;
  const freed = `${formatCount(filesDropped)} files, ${formatCount(rowsDropped)} versions, ${formatBytes(bytesFreed)} freed`;
  const text = `history begins at ${formatMoment(horizon)}: ${freed}`;
  context.terminal.line(options.json === true ? JSON.stringify(result) : text);
}
