/** `clortho lease`: leases from a shell. */
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { leaseListCommand } from './lease-list.ts';
import { leaseRunCommand } from './lease-run.ts';
import { leaseStatusCommand } from './lease-status.ts';

const NOTES = `
URLs: those of stores, or registers alone: lmdb:DIR, dynamodb://TABLE/PREFIX. Whoever should exclude each other names the
same. A session is one process; of two that have one name, the older loses.`;

/** Returns the command with its three subcommands. */
export function leaseCommand(context: CommandContext): Command {
  return new Command('lease')
    .description('Run something on one machine only; see who holds what.')
    .addCommand(leaseRunCommand(context))
    .addCommand(leaseListCommand(context))
    .addCommand(leaseStatusCommand(context))
    .addHelpText('after', NOTES);
}
