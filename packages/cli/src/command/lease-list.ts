/** `clortho lease list`: what is leased, and to whom. */
import { type ListedLease, type ListedSession, listLeases, listSessions } from '@clortho/lease';
import { Command } from 'commander';
import { renderTable } from '../output/table.ts';
import { withRegisters } from '../store/open-registers.ts';
import { storeUrl } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

/** What is known of the owner of a lease: `over` can be taken by others, `live` may have crashed since. */
export type OwnerState = 'none' | 'live' | 'over' | 'unknown';

const COLUMNS = [
  { title: 'resource' },
  { title: 'owner' },
  { title: 'state' },
  { title: 'token', align: 'right' },
] as const;

/** Returns the command. */
export function leaseListCommand(context: CommandContext): Command {
  return new Command('list')
    .description('List resources, the session that owns each, and the last fencing token.')
    .argument('[prefix]', 'only resources whose names begin so', '')
    .action((prefix: string, _, self: Command) => list(context, prefix, self));
}

async function list(context: CommandContext, prefix: string, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<GlobalOptions>();
  await withRegisters(context, storeUrl(context, options), { create: false }, async (registers) => {
    const sessions = new Map<string, ListedSession>();
    for await (const session of listSessions(registers)) sessions.set(session.name, session);
    const rows: string[][] = [];
    for await (const lease of listLeases(registers, prefix)) {
      const { resource, owner, next, token } = lease;
      const state = ownerState(lease, sessions.get(owner?.name ?? ''));
      if (options.json === true)
        await terminal.write(`${JSON.stringify({ resource, owner, next, state, token })}\n`);
      else rows.push([resource, owner?.name ?? '', state, String(token)]);
    }
    if (options.json !== true) terminal.line(renderTable(terminal, COLUMNS, rows));
  });
}

/** Returns what the registers say of the owner. */
export function ownerState({ owner }: ListedLease, session: ListedSession | undefined): OwnerState {
  if (owner === undefined) return 'none';
  if (session === undefined) return 'unknown';
  return owner.generation < session.settled ? 'over' : 'live';
}
