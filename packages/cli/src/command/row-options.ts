/** Options that several commands share, so that they read and mean the same everywhere. */
import { type Command, Option } from 'commander';
import { parseMoment } from '../input/moment.ts';

/** How keys and values are typed and printed. */
export interface TextOptions {
  readonly hex?: boolean;
  readonly base64?: boolean;
}

/** Adds `--hex` and `--base64`. */
export function addTextOptions(command: Command): Command {
  return command
    .addOption(new Option('--hex', 'keys and values are hexadecimal').conflicts('base64'))
    .option('--base64', 'keys and values are base64');
}

/** Adds `--family`. */
export function addFamilyOption(command: Command): Command {
  return command.option('--family <name>', 'the column family; default');
}

/** Adds an option that takes a moment. */
export function addMomentOption(command: Command, flags: string, description: string): Command {
  return command.addOption(new Option(flags, description).argParser(parseMoment));
}

/** Adds `--timestamp`, for writes to stores with external time. */
export function addTimestampOption(command: Command): Command {
  return addMomentOption(
    command,
    '--timestamp <time>',
    'the commit timestamp, for a store with external time',
  );
}
