/**
 * The way to the registers: calls that end in time, and swaps whose outcome is found out.
 *
 * Invariants:
 * - A swap is applied at most once: what is sent again is the same value for the same expected version.
 * - Applied is said only of a value that was seen in the register or acknowledged.
 */
import {
  type Clock,
  ClorthoError,
  equalBytes,
  isClorthoError,
  type Random,
  randomFraction,
} from '@clortho/base';
import type { Register, RegisterStore } from '@clortho/registers';
import { Deadlines } from '../time/deadlines.ts';

/** One change of one register. The value is like no other: it holds a nonce or a count. */
export interface Change {
  readonly key: string;
  readonly expect: number;
  readonly value: Uint8Array;
}

/** What became of a change; `register` is what was in its way. */
export type Outcome =
  | { readonly applied: true }
  | { readonly applied: false; readonly register: Register | undefined };

/** What a line needs from outside. */
export interface LineOptions {
  readonly registers: RegisterStore;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one call may take. */
  readonly attemptMs: number;
}

/** How often a change without an answer is sent. */
const ATTEMPTS_MAX = 4;

/** See the module. */
export class RegisterLine {
  readonly #options: LineOptions;
  readonly #deadlines: Deadlines;

  /** Creates a line; the caller goes on owning the registers. */
  constructor(options: LineOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock, options.attemptMs);
  }

  /** Returns a register. @throws {ClorthoError} as `RegisterStore.read` does. */
  async read(key: string, signal?: AbortSignal): Promise<Register | undefined> {
    const { registers } = this.#options;
    const [register] = await this.#deadlines.run(signal, (signal) => registers.read([key], { signal }));
    return register;
  }

  /** Sends a change once. @throws {ClorthoError} as `RegisterStore.compareAndSwap` does, an unknown outcome included. */
  async send(change: Change, signal?: AbortSignal): Promise<Outcome> {
    const { registers } = this.#options;
    const result = await this.#deadlines.run(signal, (signal) =>
      registers.compareAndSwap([change], { signal }),
    );
    if (result.applied) return result;
    const [seen] = result.current;
    return { applied: false, register: seen ?? (await this.read(change.key, signal)) };
  }

  /**
   * Sends a change until it is known what became of it.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` or `CLORTHO_OUTCOME_UNKNOWN` if a few attempts did not tell;
   *   `CLORTHO_ABORTED`; what else the registers say.
   */
  async settle(change: Change, signal?: AbortSignal): Promise<Outcome> {
    let isInDoubt = false;
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const outcome = await this.send(change, signal);
          // A refusal after an attempt without an answer may be the work of that attempt.
          return outcome.applied || !isInDoubt ? outcome : compare(change, outcome.register);
        } catch (error) {
          isInDoubt ||= isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN');
          if (!isPassing(error) || attempt === ATTEMPTS_MAX) throw error;
          await this.pause(attempt, signal);
        }
      }
    } catch (error) {
      throw isInDoubt ? inDoubt(change, error) : error;
    }
  }

  /** Ends the timers of the line; to be called after the last call has returned. */
  close(): void {
    this.#deadlines.close();
  }

  /** Waits a little before the attempt after this one. */
  pause(attempt: number, signal?: AbortSignal): Promise<void> {
    const { clock, attemptMs, random } = this.#options;
    return clock.sleep(((attemptMs * attempt) / ATTEMPTS_MAX) * randomFraction(random), signal);
  }
}

/** Tells whether an error says that a register holds something that this code cannot read. */
export function isUnreadable(error: unknown): boolean {
  return isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED');
}

/** Tells whether an error may pass by itself. */
export function isPassing(error: unknown): boolean {
  return isClorthoError(error, 'CLORTHO_UNAVAILABLE') || isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN');
}

function compare({ expect, value }: Change, register: Register | undefined): Outcome {
  const isOurs = register?.version === expect + 1 && equalBytes(register.value, value);
  return isOurs ? { applied: true } : { applied: false, register };
}

function inDoubt({ key }: Change, cause: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', `a change may have been applied: register=${key}`, {
    cause,
  });
}
