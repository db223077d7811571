/**
 * `clortho lease run`: a command that runs while a lease is held, and on no other machine meanwhile.
 *
 *     acquire ──► start the command ──► it ends: release, exit as it did
 *                        │
 *                        └ the lease is lost: SIGTERM, then SIGKILL before anyone else can have it; exit 1
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, hostname } from 'node:os';
import { ClorthoError, isClorthoError, systemClock } from '@clortho/base';
import { type Lease, LeaseSession } from '@clortho/lease';
import { Command, Option } from 'commander';
import { ProgramEnded } from '../exit-code.ts';
import { parseCount } from '../input/count.ts';
import { withRegisters } from '../store/open-registers.ts';
import { storeUrl } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

interface RunOptions extends GlobalOptions {
  readonly name?: string;
  readonly wait?: number;
  readonly duration: number;
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Of a duration: how often it is renewed, and how much earlier than the others its owner takes it for lost. */
const RENEWALS = 4;
const GUARD = 0.15;
/** Of the guard: how long a command may take to end. */
const GRACE = 0.5;

/** Returns the command. */
export function leaseRunCommand(context: CommandContext): Command {
  return new Command('run')
    .description('Run a command while a lease is held; kill it when the lease is lost.')
    .argument('<resource>', 'what must not run twice')
    .argument('<command...>', 'after --: the command and its arguments')
    .option('--name <session>', 'the name of this session; host and process id by default')
    .addOption(
      new Option('--wait <ms>', 'wait at most so long; for ever by default').argParser(parseCount(0)),
    )
    .addOption(
      new Option('--duration <ms>', 'how long others wait after a crash')
        .argParser(parseCount(100))
        .default(10_000),
    )
    .addHelpText(
      'after',
      '\nThe command finds CLORTHO_LEASE_RESOURCE and CLORTHO_LEASE_TOKEN in its environment.',
    )
    .action((resource: string, program: string[], _, self: Command) =>
      runLeased(context, resource, program, self),
    );
}

async function runLeased(
  context: CommandContext,
  resource: string,
  program: readonly string[],
  command: Command,
): Promise<void> {
  const options = command.optsWithGlobals<RunOptions>();
  const { name = `${hostname()}-${process.pid}`, wait: waitMs, duration: durationMs } = options;
  const times = { durationMs, renewMs: durationMs / RENEWALS, guardMs: durationMs * GUARD };
  const interrupt = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => interrupt.abort(signal);
  for (const signal of FORWARDED) process.on(signal, onSignal);
  try {
    await withRegisters(context, storeUrl(context, options), { create: true }, async (registers) => {
      const session = await LeaseSession.start({ registers, name, ...times, signal: interrupt.signal });
      try {
        const lease = await session.acquire(resource, { waitMs, signal: interrupt.signal });
        for (const signal of FORWARDED) process.off(signal, onSignal);
        await runWhileHeld(context, lease, program, times.guardMs * GRACE);
      } finally {
        await session.close();
      }
    });
  } catch (error) {
    // Whoever interrupts a wait knows why it ends.
    const signal: unknown = interrupt.signal.reason;
    if (isClorthoError(error) && interrupt.signal.aborted)
      throw new ProgramEnded(signalCode(signal as NodeJS.Signals));
    throw error;
  } finally {
    for (const signal of FORWARDED) process.off(signal, onSignal);
  }
}

async function runWhileHeld(
  { environment }: CommandContext,
  lease: Lease,
  [file = '', ...parameters]: readonly string[],
  graceMs: number,
): Promise<void> {
  lease.assertValid();
  const child = spawn(file, parameters, {
    stdio: 'inherit',
    env: {
      ...environment,
      CLORTHO_LEASE_RESOURCE: lease.resource,
      CLORTHO_LEASE_TOKEN: String(lease.token),
    },
  });
  const ended = endOf(child);
  const over = new AbortController();
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const onLost = (): void => {
    child.kill('SIGTERM');
    systemClock.sleep(graceMs, over.signal).then(
      () => child.kill('SIGKILL'),
      // It ended in time.
      () => undefined,
    );
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  lease.signal.addEventListener('abort', onLost);
  try {
    const code = await ended;
    lease.assertValid();
    if (code !== 0) throw new ProgramEnded(code);
  } finally {
    over.abort();
    lease.signal.removeEventListener('abort', onLost);
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/** Returns how a child ended, as a shell says it. @throws {ClorthoError} `CLORTHO_NOT_FOUND` if there is no such program. */
function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      reject(
        new ClorthoError('CLORTHO_NOT_FOUND', `the command did not start: command=${child.spawnfile}`, {
          cause,
        }),
      );
    });
    child.on('close', (code, signal) => resolve(code ?? signalCode(signal)));
  });
}

function signalCode(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}
