/** `clortho gossip members`: who is in a running cluster, and in what state. */
import { type ObservedMember, observeCluster } from '@clortho/gossip';
import { Command } from 'commander';
import { renderTable } from '../output/table.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { addClusterOptions, type ClusterOptions, observeOptions } from './gossip-options.ts';

/** Returns the command. */
export function gossipMembersCommand(context: CommandContext): Command {
  const command = new Command('members').description('Show the members of a running cluster and their keys.');
  return addClusterOptions(command).action((_, self: Command) => show(context, self));
}

async function show(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<ClusterOptions & GlobalOptions>();
  const members = await observeCluster(observeOptions(context, options));
  const sorted = members.sort((left, right) => (left.name < right.name ? -1 : 1));
  if (options.json === true) {
    terminal.line(
      JSON.stringify(sorted.map((member) => ({ ...member, values: Object.fromEntries(member.values) }))),
    );
    return;
  }
  const columns = [
    { title: 'name' },
    { title: 'status' },
    { title: 'address' },
    { title: 'generation', align: 'right' as const },
    { title: 'incarnation', align: 'right' as const },
    { title: 'keys' },
  ];
  terminal.line(renderTable(terminal, columns, sorted.map(rowOf)));
}

function rowOf({ name, status, address, generation, incarnation, values }: ObservedMember): string[] {
  const keys = [...values.keys()].filter((key) => !key.startsWith('$')).sort();
  return [name, status, address, String(generation), String(incarnation), keys.join(' ')];
}
