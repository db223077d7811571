/** `clortho gossip`: clusters, simulated and real. */
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { gossipMembersCommand } from './gossip-members.ts';
import { gossipSimulateCommand } from './gossip-simulate.ts';
import { gossipWatchCommand } from './gossip-watch.ts';

/** Returns the command with its subcommands. */
export function gossipCommand(context: CommandContext): Command {
  return new Command('gossip')
    .description('Simulate a gossip cluster, or look at a running one.')
    .addCommand(gossipSimulateCommand(context))
    .addCommand(gossipMembersCommand(context))
    .addCommand(gossipWatchCommand(context));
}
