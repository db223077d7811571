/** `clortho get`: the value of one key. */
import { ClorthoError } from '@clortho/base';
import type { Timestamp } from '@clortho/engine';
import { Command } from 'commander';
import { bytesText } from '../input/bytes-text.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addMomentOption, addTextOptions, type TextOptions } from './row-options.ts';

interface GetOptions extends GlobalOptions, TextOptions {
  readonly family?: string;
  readonly asOf?: Timestamp;
}

/** Returns the command. */
export function getCommand(context: CommandContext): Command {
  const command = new Command('get')
    .description('Print the value of a key; exit with 3 if it has none.')
    .argument('<key>');
  addMomentOption(command, '--as-of <time>', 'the value that it had then');
  addTextOptions(addFamilyOption(command));
  return command.action((key: string, _, self: Command) => get(context, key, self));
}

async function get(context: CommandContext, key: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GetOptions>();
  const text = bytesText(options);
  const keyBytes = text.parse(key);
  const { family, asOf } = options;
  const bytes = await withStore(context, options, (store) => store.get(keyBytes, { family, asOf }));
  if (bytes === undefined) throw new ClorthoError('CLORTHO_NOT_FOUND', `the key has no value: key=${key}`);
  const value = text.format(bytes);
  context.terminal.line(options.json === true ? JSON.stringify({ key, value }) : value);
}
