/** The program: its commands and the options that all of them take. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandContext } from './command/command-context.ts';
import { compactCommand } from './command/compact.ts';
import { createCommand } from './command/create.ts';
import { delCommand } from './command/del.ts';
import { demoCommand } from './command/demo.ts';
import { gcCommand } from './command/gc.ts';
import { getCommand } from './command/get.ts';
import { historyCommand } from './command/history.ts';
import { inspectCommand } from './command/inspect.ts';
import { loadCommand } from './command/load.ts';
import { putCommand } from './command/put.ts';
import { scanCommand } from './command/scan.ts';
import { statsCommand } from './command/stats.ts';
import { truncateCommand } from './command/truncate.ts';

const NOTES = `
Store URLs:
  file:DIR                                     a directory, registers in LMDB
  s3://BUCKET/PREFIX?registers=dynamodb://TABLE
  s3://BUCKET/PREFIX                           registers on S3, one shard

Times are ISO dates (UTC unless they name a zone) or microseconds since 1970.

Exit codes: 0 done, 1 failed, 2 called wrongly, 3 not found (a key, a file, a store).

Environment: CLORTHO_URL, NO_COLOR, AWS_REGION, AWS_ENDPOINT_URL[_S3|_DYNAMODB], AWS credentials.`;

/** Returns the program. It writes through the context's terminal and throws where it would exit. */
export function createProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('clortho')
    .description('Work with Clortho stores: durable key-value stores that remember the past.')
    .version(packageVersion(), '--version', 'show the version')
    .option('--url <url>', 'the store; CLORTHO_URL by default')
    .option('--json', 'results as JSON')
    .option('--debug', 'show the stack and the causes of an error')
    .helpOption('--help', 'show this help')
    .addHelpText('after', NOTES);
  const commands = [
    demoCommand,
    createCommand,
    putCommand,
    getCommand,
    delCommand,
    scanCommand,
    historyCommand,
    loadCommand,
    compactCommand,
    truncateCommand,
    gcCommand,
    statsCommand,
    inspectCommand,
  ];
  for (const command of commands) program.addCommand(command(context));
  for (const command of withDescendants(program)) {
    command
      .exitOverride()
      .helpOption('--help', 'show this help')
      .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(terminal.columns, 110) })
      .configureOutput({
        writeOut: (text) => terminal.line(text.trimEnd()),
        writeErr: (text) => terminal.error(text.trimEnd()),
        // What is wrong is said once, by the caller, in the form of all errors.
        outputError: () => undefined,
      });
  }
  return program;
}

function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}

function packageVersion(): string {
  const description = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return description.version;
}
