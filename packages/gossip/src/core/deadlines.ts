/**
 * What is to be done when: a binary heap of numbers, so that one timer is enough for a member.
 *
 * Invariants:
 * - Nothing is taken out before its time; who waits for something that no longer matters ignores it when it comes.
 */

/** A probe ends and the next one begins. */
export const PROBE_ROUND = 0;
/** A probe has no answer so far; the argument is its number. */
export const PROBE_LATE = 1;
/** A probe on behalf of another has no answer; the argument is its number. */
export const RELAY_LATE = 2;
/** A round of rumours. */
export const GOSSIP_ROUND = 3;
/** An exchange of digests. */
export const SYNC_ROUND = 4;
/** An exchange has no answer so far; the argument is its number. */
export const SYNC_LATE = 5;
/** The time of a suspect may be over; the argument is its slot. */
export const SUSPICION_ENDS = 6;
/** Whatever is done now and then. */
export const HOUSEKEEPING = 7;

/** What came due. */
export interface Due {
  kind: number;
  argument: number;
}

const KINDS = 8;

/** Deadlines in the order of their times. */
export class Deadlines {
  readonly #times: number[] = [];
  readonly #what: number[] = [];

  /** When the next one is due; infinity if there is none. */
  get next(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Adds a deadline; `argument` is a non-negative integer below 2^50. */
  add(time: number, kind: number, argument: number): void {
    const times = this.#times;
    const what = this.#what;
    const entry = argument * KINDS + kind;
    let at = times.length;
    times.push(time);
    what.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[at] = times[parent] as number;
      what[at] = what[parent] as number;
      at = parent;
    }
    times[at] = time;
    what[at] = entry;
  }

  /** Takes the next one if it is due at `now`, into `due`. */
  take(now: number, due: Due): boolean {
    const times = this.#times;
    if (times.length === 0 || (times[0] as number) > now) return false;
    const first = this.#what[0] as number;
    due.kind = first % KINDS;
    due.argument = Math.floor(first / KINDS);
    const time = times.pop() as number;
    const entry = this.#what.pop() as number;
    if (times.length > 0) this.#sink(time, entry);
    return true;
  }

  #sink(time: number, entry: number): void {
    const times = this.#times;
    const what = this.#what;
    const { length } = times;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && (times[child + 1] as number) < (times[child] as number)) child += 1;
      if ((times[child] as number) >= time) break;
      times[at] = times[child] as number;
      what[at] = what[child] as number;
      at = child;
    }
    times[at] = time;
    what[at] = entry;
  }
}
