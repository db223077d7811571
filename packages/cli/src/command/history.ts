/** `clortho history`: the versions of one key, newest first, one per line. */
import type { Timestamp } from '@clortho/engine';
import { Command } from 'commander';
import { bytesText } from '../input/bytes-text.ts';
import { formatMoment } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addMomentOption, addTextOptions, type TextOptions } from './row-options.ts';

interface HistoryCommandOptions extends GlobalOptions, TextOptions {
  readonly family?: string;
  readonly from?: Timestamp;
  readonly to?: Timestamp;
}

/** Returns the command. */
export function historyCommand(context: CommandContext): Command {
  const command = new Command('history')
    .description(
      'Print the versions of a key, newest first: time, kind, value; with --json one object per line.',
    )
    .argument('<key>');
  addMomentOption(command, '--from <time>', 'from the version alive then; by default all that is kept');
  addMomentOption(command, '--to <time>', 'versions below this time');
  addTextOptions(addFamilyOption(command));
  return command.action((key: string, _, self: Command) => history(context, key, self));
}

async function history(context: CommandContext, key: string, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<HistoryCommandOptions>();
  const text = bytesText(options);
  const keyBytes = text.parse(key);
  const { family, from, to, json } = options;
  await withStore(context, options, async (store) => {
    for await (const { timestamp, kind, value: bytes } of store.history(keyBytes, { family, from, to })) {
      const value = bytes === undefined ? undefined : text.format(bytes);
      const line =
        json === true
          ? JSON.stringify({ timestamp, kind, value })
          : [formatMoment(timestamp), kind, ...(value === undefined ? [] : [value])].join('\t');
      await terminal.write(`${line}\n`);
    }
  });
}
