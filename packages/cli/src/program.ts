/**
 * The program: its commands and the options that all of them take.
 *
 * What a command stands on is loaded with it, and a call loads its own command only: with all of them, a `get` would
 * wait for the parser of CSV, the tables and the demo.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandContext } from './command/command-context.ts';

/** The commands by their names, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<(context: CommandContext) => Command>>> = {
  demo: async () => (await import('./command/demo.ts')).demoCommand,
  create: async () => (await import('./command/create.ts')).createCommand,
  put: async () => (await import('./command/put.ts')).putCommand,
  get: async () => (await import('./command/get.ts')).getCommand,
  del: async () => (await import('./command/del.ts')).delCommand,
  scan: async () => (await import('./command/scan.ts')).scanCommand,
  history: async () => (await import('./command/history.ts')).historyCommand,
  load: async () => (await import('./command/load.ts')).loadCommand,
  export: async () => (await import('./command/export.ts')).exportCommand,
  import: async () => (await import('./command/import.ts')).importCommand,
  compact: async () => (await import('./command/compact.ts')).compactCommand,
  truncate: async () => (await import('./command/truncate.ts')).truncateCommand,
  gc: async () => (await import('./command/gc.ts')).gcCommand,
  verify: async () => (await import('./command/verify.ts')).verifyCommand,
  stats: async () => (await import('./command/stats.ts')).statsCommand,
  bench: async () => (await import('./command/bench.ts')).benchCommand,
  inspect: async () => (await import('./command/inspect.ts')).inspectCommand,
  gossip: async () => (await import('./command/gossip.ts')).gossipCommand,
  lease: async () => (await import('./command/lease.ts')).leaseCommand,
};

const NOTES = `
Store URLs:
  file:DIR                                     a directory, registers in LMDB
  s3://BUCKET/PREFIX?registers=dynamodb://TABLE
  s3://BUCKET/PREFIX                           registers on S3, one shard

Times are ISO dates (UTC unless they name a zone) or microseconds since 1970.

Exit codes: 0 done, 1 failed, 2 called wrongly, 3 not found (a key, a file, a store); lease run: those of its command.

Environment: CLORTHO_URL, CLORTHO_GOSSIP_KEY, NO_COLOR, AWS_REGION, AWS_ENDPOINT_URL[_S3|_DYNAMODB], AWS credentials.`;

/**
 * Returns the program for a call with `parameters`: with the command that they begin with, or with all of them. It
 * writes through the context's terminal and throws where it would exit.
 */
export async function createProgram(
  context: CommandContext,
  parameters: readonly string[],
): Promise<Command> {
  const { terminal } = context;
  const program = new Command('clortho')
    .description('Work with Clortho stores: durable key-value stores that remember the past.')
    .version(packageVersion(), '--version', 'show the version')
    .option('--url <url>', 'the store; CLORTHO_URL by default')
    .option('--json', 'results as JSON')
    .option('--debug', 'show the stack and the causes of an error')
    .helpOption('--help', 'show this help')
    .addHelpText('after', NOTES);
  const named = Object.entries(COMMANDS).find(([name]) => name === parameters[0]);
  const loaders = named === undefined ? Object.values(COMMANDS) : [named[1]];
  for (const command of await Promise.all(loaders.map((load) => load())))
    program.addCommand(command(context));
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
