/**
 * Changes of registers, found by reading them again and again: no backend can tell of them by itself.
 *
 *     |--- interval ---|--- interval ---|--- interval ---|
 *     read             read             read fails, read  read
 *     yield all        (no change)      yield changed
 *
 * Invariants:
 * - What is yielded is newer than what was yielded before for the same register; versions in between are left out.
 * - A register that stays as it is is yielded once.
 * - Nothing is read while the consumer is busy, and no timer runs when the iteration has ended.
 */
import { type Clock, ClorthoError, isClorthoError, limiter, systemClock } from '@clortho/base';
import { REGISTERS_PER_CALL_MAX, type Register, type RegisterStore } from './register-store.ts';

/** Options of {@link watch}. */
export interface WatchOptions {
  /** How long to wait from one read to the next; 1,000 by default. */
  readonly intervalMs?: number | undefined;
  /** Ends the iteration; it is not an error. */
  readonly signal?: AbortSignal | undefined;
  /** The machine's clock by default. */
  readonly clock?: Clock | undefined;
}

interface Polling {
  readonly intervalMs: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
}

const INTERVAL_MS = 1000;
/** A store that cannot be reached is asked this often per interval. */
const TRIES_PER_INTERVAL = 4;
const READS_AT_ONCE = 16;

/**
 * Yields the registers of `keys` that exist, then, at most once per interval, those that were changed.
 *
 * The first array may be empty; the later ones are not. Keys are read 100 at a time, or one by one where the
 * store cannot do better; registers that are read together are of one moment, the others are not. While the store
 * is unavailable it is asked again; other errors end the iteration.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` for an interval that is not a positive number, or duplicate keys; what
 *   `store.read` throws, except `CLORTHO_UNAVAILABLE`.
 */
export async function* watch(
  store: RegisterStore,
  keys: readonly string[],
  options: WatchOptions = {},
): AsyncGenerator<readonly Register[], void, undefined> {
  const { intervalMs = INTERVAL_MS, signal, clock = systemClock } = options;
  if (!(intervalMs > 0 && Number.isFinite(intervalMs))) {
    throw new ClorthoError('CLORTHO_INVALID', `an interval is a positive time: intervalMs=${intervalMs}`);
  }
  const wanted = [...keys];
  if (new Set(wanted).size < wanted.length) {
    throw new ClorthoError('CLORTHO_INVALID', `a register is named twice: registers=${wanted.length}`);
  }
  const seen = new Map<string, number>();
  let isFirst = true;
  try {
    for (;;) {
      const startedMs = clock.monotonic();
      const changed = (await readAvailable(store, wanted, { intervalMs, signal, clock })).filter(
        ({ key, version }) => version > (seen.get(key) ?? 0),
      );
      for (const { key, version } of changed) seen.set(key, version);
      if (isFirst || changed.length > 0) yield changed;
      isFirst = false;
      await clock.sleep(Math.max(0, startedMs + intervalMs - clock.monotonic()), signal);
    }
  } catch (error) {
    if (signal?.aborted !== true || !isClorthoError(error, 'CLORTHO_ABORTED')) throw error;
  }
}

/** Reads until the store is available. */
async function readAvailable(
  store: RegisterStore,
  keys: readonly string[],
  { intervalMs, signal, clock }: Polling,
): Promise<Register[]> {
  for (;;) {
    try {
      return await readAll(store, keys, signal);
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_UNAVAILABLE')) throw error;
      await clock.sleep(intervalMs / TRIES_PER_INTERVAL, signal);
    }
  }
}

async function readAll(
  store: RegisterStore,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Register[]> {
  const perRead = store.supports.atomicMany ? REGISTERS_PER_CALL_MAX : 1;
  const lanes = limiter(READS_AT_ONCE);
  const reads = Array.from({ length: Math.ceil(keys.length / perRead) }, (_, index) =>
    lanes.run(() => store.read(keys.slice(index * perRead, (index + 1) * perRead), { signal }), signal),
  );
  const registers = await Promise.all(reads);
  return registers.flat().filter((register) => register !== undefined);
}
