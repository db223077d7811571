/** `clortho demo`: what a store can do, on three million real records, with every answer checked. */
import { appendFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClorthoError, systemClock } from '@clortho/base';
import { Command, Option } from 'commander';
import { findFlights } from '../demo/find-flights.ts';
import { PlainAnswers } from '../demo/plain-answers.ts';
import { readFlights } from '../demo/read-flights.ts';
import type { DemoReport } from '../demo/run-demo.ts';
import { parseCount } from '../input/count.ts';
import { formatBytes, formatCount, formatDuration } from '../output/format.ts';
import { showProgress, silentProgress } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import { awsFromEnvironment } from '../store/aws-environment.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

interface DemoOptions extends GlobalOptions {
  readonly rows: number;
  readonly dir?: string;
  readonly data?: string;
  readonly acknowledge?: string;
}

/** Where the store is, and how the place is left. */
interface DemoPlace {
  readonly url: string;
  cleanUp(): Promise<void>;
}

/** Returns the command. */
export function demoCommand(context: CommandContext): Command {
  return new Command('demo')
    .description('Stream three million flights into a store, ask it questions, and check every answer.')
    .addOption(
      new Option('--rows <count>', 'at least so many flights; ends with a whole hour')
        .argParser(parseCount(1))
        .default(3_000_000),
    )
    .option('--dir <directory>', 'a store that stays there, and goes on where it ended; else a temporary one')
    .option('--data <file>', 'flights-3m.parquet of the npm package vega-datasets, if it is not installed')
    .addOption(new Option('--acknowledge <file>', 'append the rows consumed after every commit').hideHelp())
    .action((_, self: Command) => demo(context, self));
}

async function demo(context: CommandContext, command: Command): Promise<void> {
  const { terminal, environment } = context;
  const options = command.optsWithGlobals<DemoOptions>();
  const { json = false, acknowledge } = options;
  const data = await findFlights(options.data);
  const place = await placeOf(context, options);
  const clock = systemClock;
  // The first flights are decoded while the engine is loaded and the store is opened.
  const source = readFlights(data);
  try {
    const { openFlightStore } = await import('../demo/flight-store.ts');
    const { runDemo } = await import('../demo/run-demo.ts');
    const store = await openFlightStore(place.url, { aws: awsFromEnvironment(environment) });
    if (!json) terminal.line(`Store: ${store.name}\n`);
    try {
      const session = {
        store,
        clock,
        plain: new PlainAnswers(),
        checks: [],
        show(render: () => string) {
          if (!json) terminal.line(render());
        },
        progress: (what: Parameters<typeof showProgress>[1]) =>
          json ? silentProgress : showProgress(terminal, what),
        acknowledge(rows: number) {
          if (acknowledge !== undefined) appendFileSync(acknowledge, `${rows}\n`);
        },
      };
      conclude(terminal, await runDemo(session, source, options.rows), json);
    } finally {
      await store.close();
    }
  } finally {
    await source.close();
    await place.cleanUp();
  }
}

/** Shows the end of the report. @throws {ClorthoError} `CLORTHO_CORRUPT` if an answer was wrong. */
function conclude(terminal: Terminal, report: DemoReport, json: boolean): void {
  const { checks, answers, ms, memoryBytesMax, rows } = report;
  const wrong = checks.filter(({ ok }) => !ok);
  if (json) {
    const { versions, ...history } = answers.history;
    const short = { ...answers, history: { ...history, versions: versions.length } };
    terminal.line(JSON.stringify({ ...report, answers: short }));
  } else {
    const right = `${checks.length - wrong.length} of ${checks.length} answers agree with a plain computation`;
    terminal.line(`${right} over ${formatCount(rows)} records.`);
    terminal.line(`Done in ${formatDuration(ms)}, ${formatBytes(memoryBytesMax)} of memory at most.`);
  }
  const [first] = wrong;
  if (first === undefined) return;
  throw new ClorthoError(
    'CLORTHO_CORRUPT',
    `an answer is wrong: question=${first.name} at ${first.difference ?? ''}`,
  );
}

async function placeOf({ environment }: CommandContext, options: DemoOptions): Promise<DemoPlace> {
  const url = options.url ?? environment['CLORTHO_URL'];
  if (options.dir !== undefined && options.url !== undefined) {
    throw new ClorthoError('CLORTHO_INVALID', 'where to? --dir and --url exclude each other');
  }
  if (options.dir !== undefined) {
    await mkdir(options.dir, { recursive: true });
    return { url: `file:${options.dir}`, cleanUp: async () => undefined };
  }
  if (url !== undefined && url !== '') return { url, cleanUp: async () => undefined };
  const directory = await mkdtemp(join(tmpdir(), 'clortho-demo-'));
  const onInterrupt = (): void => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', onInterrupt);
  return {
    url: `file:${directory}`,
    async cleanUp() {
      process.off('SIGINT', onInterrupt);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
