/** `clortho put`: one value. */
import { buffer } from 'node:stream/consumers';
import type { Timestamp } from '@clortho/engine';
import { Command } from 'commander';
import { bytesText } from '../input/bytes-text.ts';
import { formatMoment } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addFamilyOption, addTextOptions, addTimestampOption, type TextOptions } from './row-options.ts';

interface PutOptions extends GlobalOptions, TextOptions {
  readonly family?: string;
  readonly timestamp?: Timestamp;
  readonly ifAbsent?: boolean;
}

/** Returns the command. */
export function putCommand(context: CommandContext): Command {
  const command = new Command('put')
    .description('Put a value under a key and print the commit timestamp.')
    .argument('<key>')
    .argument('<value>', 'the value; - reads it from standard input as it is')
    .option('--if-absent', 'fail if the key has a value');
  addTimestampOption(addTextOptions(addFamilyOption(command)));
  return command.action((key: string, value: string, _, self: Command) => put(context, key, value, self));
}

async function put(context: CommandContext, key: string, value: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<PutOptions>();
  const text = bytesText(options);
  const keyBytes = text.parse(key);
  const valueBytes = value === '-' ? await buffer(process.stdin) : text.parse(value);
  const { family, timestamp: named, ifAbsent } = options;
  const { timestamp } = await withStore(context, options, (store) =>
    store.put(keyBytes, valueBytes, { family, timestamp: named, ifAbsent }),
  );
  context.terminal.line(options.json === true ? JSON.stringify({ timestamp }) : formatMoment(timestamp));
}
