/**
 * Ends the unnamed sessions of runs that were killed, so that later runs find their names free: where they held nothing
 * that anybody wants, nobody else would look at them.
 *
 *     first look ──── the duration of those that are there ────► second look: who gave no sign of life is over
 *
 * A run that ends sooner leaves it to another. So killed runs cost names only for as long as no run lives for a duration.
 */
import { isClorthoError } from '@clortho/base';
import type { LeaseSession } from '@clortho/lease';
import { listRuns, unnamedOf } from './unnamed-session.ts';

/**
 * Looks at the sessions of unnamed runs, and again when each of their durations is over. Returns then, or when `session`
 * is over or the registers are out of reach.
 *
 * @throws {ClorthoError} what else the registers say.
 */
export async function endSilentRuns(session: LeaseSession): Promise<void> {
  const { clock, signal } = session;
  try {
    const durations = await look(session);
    const sinceMs = clock.monotonic();
    for (const durationMs of [...durations].sort((left, right) => left - right)) {
      const leftMs = (): number => sinceMs + durationMs - clock.monotonic();
      // A timer may be a little early.
      while (leftMs() > 0) await clock.sleep(leftMs(), signal);
      await look(session);
    }
  } catch (error) {
    const isPassing =
      isClorthoError(error, 'CLORTHO_UNAVAILABLE') || isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN');
    if (!isPassing && !signal.aborted) throw error;
  }
}

/** Looks once at those that are not over, and returns the durations that they have. */
async function look({ name, registers, observer, signal }: LeaseSession): Promise<Set<number>> {
  const durations = new Set<number>();
  for await (const register of listRuns(registers, signal)) {
    const unnamed = unnamedOf(register);
    if (unnamed === undefined || unnamed.isOver || unnamed.name === name) continue;
    await observer.judge(unnamed.name, register, signal);
    durations.add(unnamed.durationMs);
  }
  return durations;
}
