/**
 * `clortho lease run`: a command that runs while a lease is held, and on no other machine meanwhile.
 *
 *     acquire ──► start the command ──► it ends: release, exit as it did
 *                        │
 *                        └ the lease is lost: SIGTERM, then SIGKILL before anyone else can have it; exit 1
 *
 * Invariants:
 * - A signal always has somebody who hears it: the wait for the lease, or the command from its start on.
 */
import { isClorthoError, systemClock, throwIfAborted } from '@clortho/base';
import { type LeaseEvent, LeaseSession } from '@clortho/lease';
import { Command, Option } from 'commander';
import { ProgramEnded } from '../exit-code.ts';
import { parseCount } from '../input/count.ts';
import { withRegisters } from '../store/open-registers.ts';
import { storeUrl } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';
import { LeasedProcess, signalCode } from './leased-command.ts';
import { endSilentRuns } from './silent-runs.ts';
import { checkedRunName, startUnnamed } from './unnamed-session.ts';

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
/** With a shorter one, the guard would not cover what clocks do. */
const DURATION_MS_MIN = 250;

/** Returns the command. */
export function leaseRunCommand(context: CommandContext): Command {
  return new Command('run')
    .description('Run a command while a lease is held; kill it when the lease is lost.')
    .argument('<resource>', 'what must not run twice')
    .argument('<command...>', 'after --: the command and its arguments')
    .option('--name <session>', 'the name of this session, not run-N; by default one that no other has')
    .addOption(
      new Option('--wait <ms>', 'wait at most so long; for ever by default').argParser(parseCount(0)),
    )
    .addOption(
      new Option('--duration <ms>', 'how long others wait after a crash')
        .argParser(parseCount(DURATION_MS_MIN))
        .default(10_000),
    )
    .addHelpText(
      'after',
      '\nThe command finds CLORTHO_LEASE_RESOURCE and CLORTHO_LEASE_TOKEN in its environment. When the lease is lost it gets\n' +
        'SIGTERM and soon after SIGKILL, or SIGKILL at once where it is late; and so does all that it started, unless the\n' +
        'standard input is a terminal: begin a script with exec there. Where clortho itself is stopped or killed without\n' +
        'warning (SIGSTOP, SIGKILL), the command runs on: let it check its token.',
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
  const { name, wait: waitMs, duration: durationMs } = options;
  const times = { durationMs, renewMs: durationMs / RENEWALS, guardMs: durationMs * GUARD };
  const interrupt = new AbortController();
  let running: LeasedProcess | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (running === undefined) interrupt.abort(signal);
    else running.forward(signal);
  };
  for (const signal of FORWARDED) process.on(signal, onSignal);
  try {
    await withRegisters(context, storeUrl(context, options), { create: true }, async (registers) => {
      let validUntilMs = 0;
      const onEvent = (event: LeaseEvent): void => {
        if (event.type === 'renewed') validUntilMs = systemClock.monotonic() + event.validForMs;
      };
      const { signal } = interrupt;
      const given = { registers, ...times, signal, onEvent };
      const session =
        name === undefined
          ? await startUnnamed(given)
          : await LeaseSession.start({ ...given, name: checkedRunName(name) });
      const tidied = name === undefined ? reported(context, endSilentRuns(session)) : undefined;
      try {
        const lease = await session.acquire(resource, { waitMs, signal });
        throwIfAborted(signal);
        validUntilMs = systemClock.monotonic() + lease.remainingMs;
        const lateMs = (): number => systemClock.monotonic() - validUntilMs;
        running = new LeasedProcess(context, { program, lease, graceMs: times.guardMs * GRACE, lateMs });
        await running.end();
      } finally {
        try {
          await session.close();
        } finally {
          await tidied;
        }
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

/** Waits for what the command does not depend on: an error is told, and stops nothing. */
async function reported(context: CommandContext, tidying: Promise<void>): Promise<void> {
  try {
    await tidying;
  } catch (error) {
    context.terminal.error(`clortho: the names of killed runs were not freed: error=${String(error)}`);
  }
}
