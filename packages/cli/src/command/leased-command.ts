/**
 * A command that runs while a lease is held: started, sent the signals that its parent gets, ended when the lease is lost.
 *
 *     lost: replaced, failed        SIGTERM, SIGKILL after the grace period     the loss was noticed before validity ran out
 *           expired                 the same, less what it was noticed late
 *           fenced, suspended       SIGKILL at once                             others may have the lease by now
 *
 * Without a terminal, the command leads a process group of its own, and whatever it starts gets the same signals. At a
 * terminal it stays in the group of its parent, or it could not read from it: the signals go to the command alone then.
 *
 * Invariants:
 * - From its start to its end the command is watched, whatever signals come and whatever comes of sending them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ClorthoError, systemClock } from '@clortho/base';
import type { Lease, LossReason } from '@clortho/lease';
import { ProgramEnded } from '../exit-code.ts';
import type { CommandContext } from './command-context.ts';

/** What to run, and how. */
export interface LeasedCommand {
  readonly program: readonly string[];
  readonly lease: Lease;
  /** How long the command may take to end after SIGTERM. */
  readonly graceMs: number;
  /** How long ago validity ran out if it has, by the monotonic clock; not above 0 while it lasts. */
  readonly lateMs: () => number;
}

/** See the module. */
export class LeasedProcess {
  readonly #context: CommandContext;
  readonly #command: LeasedCommand;
  readonly #child: ChildProcess;
  readonly #isGroup: boolean;
  readonly #ended: Promise<number>;

  /** Starts the command. @throws {ClorthoError} as `Lease.assertValid` does. */
  constructor(context: CommandContext, command: LeasedCommand) {
    const { lease, program } = command;
    const [file = '', ...parameters] = program;
    this.#context = context;
    this.#command = command;
    this.#isGroup = !process.stdin.isTTY;
    lease.assertValid();
    this.#child = spawn(file, parameters, {
      stdio: 'inherit',
      detached: this.#isGroup,
      env: {
        ...context.environment,
        CLORTHO_LEASE_RESOURCE: lease.resource,
        CLORTHO_LEASE_TOKEN: String(lease.token),
      },
    });
    this.#ended = endOf(this.#child);
  }

  /** Sends a signal that came from outside. A terminal has sent its interrupts to the command already. */
  forward(signal: NodeJS.Signals): void {
    if (this.#isGroup || signal !== 'SIGINT') this.#send(signal);
  }

  /** Returns normally when the command has ended well under its lease. @throws {ProgramEnded | ClorthoError} */
  async end(): Promise<void> {
    const { lease } = this.#command;
    const over = new AbortController();
    const onLost = (): void => this.#stop(over.signal);
    lease.signal.addEventListener('abort', onLost);
    try {
      const code = await this.#ended;
      // What the command leaves behind must not outlive the lease, either.
      if (!lease.valid && this.#isGroup) this.#send('SIGKILL');
      lease.assertValid();
      if (code !== 0) throw new ProgramEnded(code);
    } finally {
      over.abort();
      lease.signal.removeEventListener('abort', onLost);
    }
  }

  #stop(over: AbortSignal): void {
    const { lease, graceMs, lateMs } = this.#command;
    const leftMs = graceLeftMs(lease.lost, graceMs, lateMs());
    if (leftMs <= 0) {
      this.#send('SIGKILL');
      return;
    }
    this.#send('SIGTERM');
    systemClock.sleep(leftMs, over).then(
      () => this.#send('SIGKILL'),
      // It ended in time.
      () => undefined,
    );
  }

  /** Sends a signal. One that is refused, as for a command of another user, leaves the command running. */
  #send(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode: by } = this.#child;
    const isGone = exitCode !== null || by !== null;
    if (pid === undefined || (isGone && !this.#isGroup)) return;
    try {
      process.kill(this.#isGroup ? -pid : pid, signal);
    } catch (error) {
      if (errnoOf(error) === 'ESRCH') return;
      const { lease } = this.#command;
      this.#context.terminal.error(
        `clortho: the command could not be sent ${signal} and runs on: pid=${pid} ` +
          `error=${errnoOf(error)} lease=${lease.lost ?? 'held'}`,
      );
    }
  }
}

/** Returns how long a command may go on after its lease was lost for a reason, by a loss noticed late by `lateMs`. */
export function graceLeftMs(reason: LossReason | undefined, graceMs: number, lateMs: number): number {
  if (reason === 'fenced' || reason === 'suspended') return 0;
  return reason === 'expired' ? graceMs - Math.max(0, lateMs) : graceMs;
}

/** Returns the exit code of whatever a signal ended, as a shell says it. */
export function signalCode(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** Returns how a child ended. @throws {ClorthoError} `CLORTHO_NOT_FOUND` if there is no such program. */
function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new ClorthoError('CLORTHO_NOT_FOUND', `the command did not start: command=${child.spawnfile}`, {
          cause,
        }),
      );
    });
    child.on('close', (code, signal) => resolve(code ?? signalCode(signal)));
  });
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
