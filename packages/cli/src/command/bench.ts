/**
 * `clortho bench`: how fast a store is from here, and what it asks of its backends.
 *
 * Invariants:
 * - What will be written is said before it is. A store that exists is written to with `--yes` only.
 */
import { ClorthoError, isClorthoError, systemClock } from '@clortho/base';
import { type FamilyHandle, type OpenOptions, open, parseStoreUrl, type Store } from '@clortho/engine';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BENCH_FAMILY, openBenchFamily, removeRows } from '../bench/bench-family.ts';
import { PRICE_NOTE, renderBench } from '../bench/render-bench.ts';
import { KEY_BYTES, VALUE_BYTES } from '../bench/rows.ts';
import { runBench } from '../bench/run-bench.ts';
import { WORKLOAD_NAMES, type WorkloadName } from '../bench/workloads.ts';
import { parseCount } from '../input/count.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { showProgress, silentProgress } from '../output/progress.ts';
import { awsFromEnvironment } from '../store/aws-environment.ts';
import { storeUrl } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

interface BenchCommandOptions extends GlobalOptions {
  readonly entries: number;
  readonly seconds: number;
  readonly callers: number;
  readonly seed: number;
  readonly only?: readonly WorkloadName[];
  readonly yes?: boolean;
  readonly remove?: boolean;
}

/** Rows are kept readable for a day, the time of the bench included. */
const SECONDS_MOST = 3600;

/** Returns the command. */
export function benchCommand(context: CommandContext): Command {
  return new Command('bench')
    .description(
      `Measure writes and reads in a family of its own, ${BENCH_FAMILY}: ops/s, latencies, requests, on S3 with prices.`,
    )
    .argument('[url]', 'the store; made if it is missing. By default --url')
    .addOption(countOption('--entries <count>', 'rows', 100_000))
    .addOption(
      new Option('--seconds <count>', `per workload, up to ${SECONDS_MOST}`)
        .argParser(parseSeconds)
        .default(5),
    )
    .addOption(countOption('--callers <count>', 'concurrent callers', 64))
    .addOption(new Option('--seed <number>', 'of keys and values').argParser(parseCount(0)).default(1))
    .addOption(
      new Option('--only <names>', `of ${WORKLOAD_NAMES.join(', ')}, separated by commas`).argParser(
        parseNames,
      ),
    )
    .option('--yes', 'write to a store that exists')
    .option('--remove', 'delete the rows of the bench, and measure nothing')
    .action((url: string | undefined, _, self: Command) => bench(context, url, self));
}

async function bench(context: CommandContext, argument: string | undefined, command: Command): Promise<void> {
  const options = command.optsWithGlobals<BenchCommandOptions>();
  const url = argument ?? storeUrl(context, options);
  if (argument !== undefined && options.url !== undefined && argument !== options.url) {
    throw new ClorthoError('CLORTHO_INVALID', `which store? argument=${argument} --url=${options.url}`);
  }
  const store = await openStore(context, url, options);
  try {
    const isRemoval = options.remove === true;
    const family = await openBenchFamily(store, { create: !isRemoval });
    if (isRemoval) await remove(context, store, options);
    else await measure(context, url, store, family, options);
  } finally {
    await store.close();
  }
}

async function remove(
  { terminal }: CommandContext,
  store: Store,
  { json }: BenchCommandOptions,
): Promise<void> {
  await removeRows(store);
  const text = `the rows of ${BENCH_FAMILY} are deleted; compaction and gc free their space from a day later on`;
  terminal.line(json === true ? JSON.stringify({ store: store.name, removed: true }) : text);
}

async function measure(
  { terminal }: CommandContext,
  url: string,
  store: Store,
  family: FamilyHandle,
  options: BenchCommandOptions,
): Promise<void> {
  const { entries, seconds, callers, seed, json = false, only = WORKLOAD_NAMES } = options;
  const asked = { entries, seconds, callers, seed };
  const workloads = await runBench({
    ...asked,
    only,
    store,
    family,
    location: parseStoreUrl(url),
    clock: systemClock,
    progress: (what) => (json ? silentProgress : showProgress(terminal, what)),
  });
  if (!json) {
    terminal.line(renderBench(terminal, workloads));
    if (url !== 'memory:')
      terminal.error(`The rows stay in ${BENCH_FAMILY}: clortho bench '${url}' --remove deletes them.`);
    return;
  }
  const isPriced = workloads.some(({ dollarsPerMillionOps }) => dollarsPerMillionOps !== undefined);
  const prices = isPriced ? PRICE_NOTE : undefined;
  terminal.line(JSON.stringify({ store: store.name, ...asked, workloads, prices }));
}

/** Opens the store if it may be written to, and creates it if it is missing. */
async function openStore(
  { terminal, environment }: CommandContext,
  url: string,
  { entries, json, yes, remove }: BenchCommandOptions,
): Promise<Store> {
  const how: OpenOptions = { aws: awsFromEnvironment(environment) };
  if (remove === true) return open(url, { ...how, create: 'never', compaction: 'manual' });
  const name = await nameOfExisting(url, how);
  const bytes = formatBytes(entries * (KEY_BYTES + VALUE_BYTES));
  const plan = `${formatCount(entries)} rows (${bytes}) and their updates to the family ${BENCH_FAMILY}`;
  if (name !== undefined && yes !== true) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `the store exists: pass --yes to write ${plan}, and nothing else: at=${name}`,
    );
  }
  if (json !== true) {
    const place =
      name === undefined ? `Creates the store ${url}, and writes` : `Writes to the store ${name}:`;
    terminal.error(`${place} ${plan}.`);
  }
  return open(url, { ...how, create: name === undefined ? 'new' : 'never' });
}

/** Returns the name of a store that exists. */
async function nameOfExisting(url: string, how: OpenOptions): Promise<string | undefined> {
  try {
    const store = await open(url, { ...how, create: 'never', readOnly: true });
    await store.close();
    return store.name;
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_NOT_FOUND')) return undefined;
    throw error;
  }
}

function countOption(flags: string, description: string, count: number): Option {
  return new Option(flags, description).argParser(parseCount(1)).default(count);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text !== '' && seconds > 0 && seconds <= SECONDS_MOST) return seconds;
  throw new InvalidArgumentError(`expected a number up to ${SECONDS_MOST}, got ${JSON.stringify(text)}.`);
}

/** Returns the names in the order in which workloads run. */
function parseNames(text: string): readonly WorkloadName[] {
  const names = text.split(',');
  const unknown = names.find((name) => !(WORKLOAD_NAMES as readonly string[]).includes(name));
  if (unknown === undefined) return WORKLOAD_NAMES.filter((name) => names.includes(name));
  throw new InvalidArgumentError(
    `expected some of ${WORKLOAD_NAMES.join(', ')}, got ${JSON.stringify(unknown)}.`,
  );
}
