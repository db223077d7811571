/** `clortho lease status`: one resource, and whether its owner is alive. */
import { ClorthoError, systemClock } from '@clortho/base';
import { type ListedLease, type ListedSession, listLeases, listSessions } from '@clortho/lease';
import type { RegisterStore } from '@clortho/registers';
import { Command } from 'commander';
import { withRegisters } from '../store/open-registers.ts';
import { storeUrl } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { type OwnerState, ownerState } from './lease-list.ts';

interface StatusOptions extends GlobalOptions {
  readonly watch?: boolean;
}

/** How often a sign of life is looked for while the owner may give one. */
const LOOKS = 20;

/** Returns the command. */
export function leaseStatusCommand(context: CommandContext): Command {
  return new Command('status')
    .description('Show the owner of a resource; exit with 3 if it was never leased.')
    .argument('<resource>')
    .option('--watch', 'wait for a sign of life of the owner, at most for the duration of its lease')
    .action((resource: string, _, self: Command) => status(context, resource, self));
}

async function status(context: CommandContext, resource: string, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<StatusOptions>();
  await withRegisters(context, storeUrl(context, options), { create: false }, async (registers) => {
    const lease = await find(listLeases(registers, resource), (one) => one.resource === resource);
    if (lease === undefined)
      throw new ClorthoError('CLORTHO_NOT_FOUND', `the resource was never leased: resource=${resource}`);
    const session = lease.owner === undefined ? undefined : await sessionOf(registers, lease.owner.name);
    const state = ownerState(lease, session);
    const alive =
      options.watch === true && session !== undefined ? await isAlive(registers, session) : undefined;
    const { owner, next, token } = lease;
    if (options.json === true)
      terminal.line(JSON.stringify({ resource, owner, next, state, alive, token, session }));
    else terminal.line(describe(lease, state, session, alive));
  });
}

function describe(
  { resource, owner, next, token }: ListedLease,
  state: OwnerState,
  session: ListedSession | undefined,
  alive: boolean | undefined,
): string {
  const lines = [`resource  ${resource}`, `token     ${token}`, `owner     ${owner?.name ?? 'none'}`];
  if (next !== undefined) lines.push(`kept for  ${next}`);
  if (owner !== undefined) lines.push(`session   ${state}, generation ${owner.generation}`);
  if (session !== undefined) {
    lines.push(`duration  ${session.durationMs} ms`);
    for (const [name, value] of Object.entries(session.attributes)) lines.push(`${name.padEnd(9)} ${value}`);
  }
  if (alive !== undefined) lines.push(`alive     ${alive ? 'yes' : 'no sign of life for one duration'}`);
  return lines.join('\n');
}

async function isAlive(registers: RegisterStore, session: ListedSession): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    await systemClock.sleep(session.durationMs / LOOKS);
    const seen = await sessionOf(registers, session.name);
    if (seen?.state === 'live' && (seen.beat !== session.beat || seen.generation !== session.generation))
      return true;
  }
  return false;
}

function sessionOf(registers: RegisterStore, name: string): Promise<ListedSession | undefined> {
  return find(listSessions(registers), (session) => session.name === name);
}

async function find<T>(all: AsyncIterable<T>, isWanted: (one: T) => boolean): Promise<T | undefined> {
  for await (const one of all) if (isWanted(one)) return one;
  return undefined;
}
