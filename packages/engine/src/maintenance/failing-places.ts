/**
 * Places in which compaction failed: when they are tried again, and what is left alone meanwhile.
 *
 *     failure ──── delay ────► the place is due: other work in it goes on
 *                    └──────── delay ────────► what failed is tried again; it fails: longer delays
 *
 * Invariants:
 * - A failure ends only with the success of a job that takes an input of the one that failed: what succeeds beside it in
 *   the same place does not shorten its delays.
 */
import type { Clock } from '@clortho/base';
import { inputsOf, type Work } from '@clortho/compaction';
import { type Place, placeKey } from './place.ts';

/** A place where compaction keeps failing. */
export interface FailingPlace {
  readonly shard: number;
  readonly family: string;
  /** How often in a row. */
  readonly failures: number;
  /** The message of the last error. */
  readonly error: string;
}

interface Failure {
  readonly failing: FailingPlace;
  /** `undefined` if it failed before there was any. */
  readonly work: Work | undefined;
  readonly dueAt: number;
  readonly retryAt: number;
}

/** From so many failures in a row on a place counts as failing. */
export const FAILURES_MAX = 5;
const DELAY_MS = 1000;
const DELAY_MS_MAX = 60_000;

/** See the module. */
export class FailingPlaces {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>();

  /** Begins without failures. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a failure and returns it, and the delays after which the place should be looked at. */
  note(
    { shard, family }: Place,
    work: Work | undefined,
    cause: unknown,
  ): { readonly failing: FailingPlace; readonly delaysMs: readonly number[] } {
    const key = placeKey({ shard, family });
    const failures = (this.#failures.get(key)?.failing.failures ?? 0) + 1;
    const delayMs = Math.min(DELAY_MS * 2 ** (failures - 1), DELAY_MS_MAX);
    const now = this.#clock.monotonic();
    const error = cause instanceof Error ? cause.message : String(cause);
    const failing: FailingPlace = { shard, family: family.record.name, failures, error };
    this.#failures.set(key, { failing, work, dueAt: now + delayMs, retryAt: now + 2 * delayMs });
    return { failing, delaysMs: [delayMs, 2 * delayMs] };
  }

  /** Notes that a job was carried out. Returns what that ended, if it counted as failing. */
  noteSuccess(place: Place, work: Work): FailingPlace | undefined {
    const failure = this.#failures.get(placeKey(place));
    if (failure === undefined || (failure.work !== undefined && !sharesInput(failure.work, work)))
      return undefined;
    this.#failures.delete(placeKey(place));
    return failure.failing.failures >= FAILURES_MAX ? failure.failing : undefined;
  }

  /** Tells whether the place may be worked on. */
  isDue(place: Place): boolean {
    const failure = this.#failures.get(placeKey(place));
    return failure === undefined || this.#clock.monotonic() >= failure.dueAt;
  }

  /** Returns the work that failed in a place and is not to be tried again yet. */
  leftAlone(place: Place): readonly Work[] {
    const failure = this.#failures.get(placeKey(place));
    if (failure?.work === undefined || this.#clock.monotonic() >= failure.retryAt) return [];
    return [failure.work];
  }

  /** Returns the places that failed {@link FAILURES_MAX} times in a row or more. */
  list(): readonly FailingPlace[] {
    const all = [...this.#failures.values()].map(({ failing }) => failing);
    return all.filter(({ failures }) => failures >= FAILURES_MAX);
  }
}

function sharesInput(left: Work, right: Work): boolean {
  const ids = new Set(inputsOf(left).map((file) => file.id));
  return inputsOf(right).some((file) => ids.has(file.id));
}
