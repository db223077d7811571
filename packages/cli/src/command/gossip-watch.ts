/** `clortho gossip watch`: what changes in a running cluster. */
import { systemClock } from '@clortho/base';
import { type ObservedMember, observeCluster } from '@clortho/gossip';
import { Command, Option } from 'commander';
import { parseCount } from '../input/count.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addClusterOptions, type ClusterOptions, observeOptions } from './gossip-options.ts';

interface WatchOptions extends ClusterOptions, GlobalOptions {
  readonly interval: number;
  readonly polls?: number;
  readonly prefix: string;
}

interface Difference {
  readonly node: string;
  readonly what: string;
  readonly value: unknown;
}

/** Returns the command. */
export function gossipWatchCommand(context: CommandContext): Command {
  const command = new Command('watch')
    .description(
      'Print the members of a running cluster and their keys, then what changes, until interrupted.',
    )
    .option('--prefix <text>', 'keys that begin with this', '')
    .addOption(new Option('--interval <ms>', 'between two looks').argParser(parseCount(10)).default(1000))
    .addOption(new Option('--polls <count>', 'end after so many looks').argParser(parseCount(1)));
  return addClusterOptions(command).action((_, self: Command) => watch(context, self));
}

async function watch(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<WatchOptions>();
  const asked = observeOptions(context, options);
  let before = new Map<string, unknown>();
  for (let poll = 1; ; poll += 1) {
    const now = factsOf(await observeCluster(asked), options.prefix);
    for (const difference of differences(before, now))
      await terminal.write(`${lineOf(difference, options)}\n`);
    before = now;
    if (poll === options.polls) return;
    await systemClock.sleep(options.interval);
  }
}

/** Returns what is known, by member and what it is: its status, or a key. */
function factsOf(members: readonly ObservedMember[], prefix: string): Map<string, unknown> {
  const facts = new Map<string, unknown>();
  for (const { name, status, values } of members) {
    facts.set(JSON.stringify([name, '']), status);
    for (const [key, value] of values)
      if (key.startsWith(prefix) && !key.startsWith('$')) facts.set(JSON.stringify([name, key]), value);
  }
  return facts;
}

function differences(before: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): Difference[] {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].flatMap((name) => {
    if (JSON.stringify(before.get(name)) === JSON.stringify(now.get(name))) return [];
    const [node, what] = JSON.parse(name) as [string, string];
    return [{ node, what, value: now.get(name) }];
  });
}

function lineOf({ node, what, value }: Difference, { json }: WatchOptions): string {
  if (json === true)
    return JSON.stringify(what === '' ? { node, status: value ?? 'gone' } : { node, key: what, value });
  if (what === '') return `${node}\t${String(value ?? 'gone')}`;
  return `${node}\t${what}\t${value === undefined ? '(deleted)' : JSON.stringify(value)}`;
}
