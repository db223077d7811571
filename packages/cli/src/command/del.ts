/** `clortho del`: one key away. */
import type { Timestamp } from '@clortho/engine';
import { Command } from 'commander';
import { bytesText } from '../input/bytes-text.ts';
import { formatMoment } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addTextOptions, addTimestampOption, type TextOptions } from './row-options.ts';

interface DelOptions extends GlobalOptions, TextOptions {
  readonly family?: string;
  readonly timestamp?: Timestamp;
}

/** Returns the command. */
export function delCommand(context: CommandContext): Command {
  const command = new Command('del')
    .description('Delete a key, whether it has a value or not, and print the commit timestamp.')
    .argument('<key>');
  addTimestampOption(addTextOptions(addFamilyOption(command)));
  return command.action((key: string, _, self: Command) => del(context, key, self));
}

async function del(context: CommandContext, key: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<DelOptions>();
  const keyBytes = bytesText(options).parse(key);
  const { family, timestamp: named } = options;
  const { timestamp } = await withStore(context, options, (store) =>
    store.del(keyBytes, { family, timestamp: named }),
  );
  context.terminal.line(options.json === true ? JSON.stringify({ timestamp }) : formatMoment(timestamp));
}
