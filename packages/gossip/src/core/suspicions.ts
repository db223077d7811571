/**
 * Suspects and the time that they have to object: Lifeguard's suspicion time-outs.
 *
 *     time-out = max - (max - min) · ln(c + 1) / ln(k + 1), at least min      c accusers beside the first, k expected
 *
 * One accuser may be the one that is wrong: it waits long. The more agree, the less is waited.
 *
 * Invariants:
 * - A suspicion ends by its time-out, or with a fact that replaces the accusation.
 */
import type { MemberItem } from '../item/item.ts';
import { DEAD, type Status } from '../member/status.ts';
import type { CoreContext } from './core-context.ts';
import { SUSPICION_ENDS } from './deadlines.ts';

interface Suspicion {
  readonly gen: number;
  readonly inc: number;
  since: number;
  readonly accusers: Set<number>;
  /** What the member becomes. */
  outcome: Status;
  /** Whether it was heard of since: then it lives, and has lost our accusation or we its objection. */
  isHeard: boolean;
}

/** The suspicions of one member. */
export class Suspicions {
  readonly #context: CoreContext;
  readonly #bySlot = new Map<number, Suspicion>();

  /** Creates no suspicion. */
  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** How many members are suspected. */
  get size(): number {
    return this.#bySlot.size;
  }

  /** Begins to suspect the member of a slot; `outcome` is what it becomes if it does not object. */
  begin(slot: number, { gen, inc, by }: MemberItem, outcome: Status = DEAD): void {
    const since = this.#context.host.now();
    this.#bySlot.set(slot, { gen, inc, since, accusers: new Set([by]), outcome, isHeard: false });
    this.#arm(slot);
  }

  /** Adds an accuser, who thinks that the member becomes `outcome`; tells whether it is one that makes a difference. */
  confirm(slot: number, by: number, outcome: Status = DEAD): boolean {
    const suspicion = this.#bySlot.get(slot);
    if (suspicion === undefined) return false;
    if (outcome > suspicion.outcome) suspicion.outcome = outcome;
    if (suspicion.accusers.has(by)) return false;
    if (suspicion.accusers.size > this.#context.tuning.confirmations) return false;
    suspicion.accusers.add(by);
    this.#arm(slot);
    return true;
  }

  /** Notes that the member was heard of directly. */
  heard(slot: number): void {
    const suspicion = this.#bySlot.get(slot);
    if (suspicion !== undefined) suspicion.isHeard = true;
  }

  /** Ends the suspicion of a slot, if there is one. */
  end(slot: number): void {
    this.#bySlot.delete(slot);
  }

  /** Gives every suspect so much more time, because this process stood still that long. */
  postpone(ms: number): void {
    for (const [slot, suspicion] of this.#bySlot) {
      suspicion.since += ms;
      this.#arm(slot);
    }
  }

  /** Returns the outcome for a slot whose time is over; `undefined` if it is not, or nothing is suspected any more. */
  expired(slot: number): Status | undefined {
    const suspicion = this.#bySlot.get(slot);
    if (suspicion === undefined || this.#endOf(suspicion) > this.#context.host.now()) return undefined;
    if (suspicion.isHeard) {
      suspicion.isHeard = false;
      suspicion.since = this.#context.host.now();
      this.#arm(slot);
      return undefined;
    }
    this.#bySlot.delete(slot);
    return suspicion.outcome;
  }

  #arm(slot: number): void {
    const suspicion = this.#bySlot.get(slot) as Suspicion;
    this.#context.deadlines.add(this.#endOf(suspicion), SUSPICION_ENDS, slot);
  }

  #endOf({ since, accusers }: Suspicion): number {
    return since + suspicionMs(this.#context, accusers.size - 1);
  }
}

/** Returns how long a suspect has, when `confirmations` members agree with the first accuser. */
function suspicionMs({ tuning, view }: CoreContext, confirmations: number): number {
  const members = view.reachable;
  const least = tuning.suspicionMs * Math.max(1, Math.log10(Math.max(1, members)));
  const expected = Math.min(tuning.confirmations, members - 2);
  if (expected < 1) return least;
  const most = least * tuning.suspicionFactor;
  const agreed = Math.log(confirmations + 1) / Math.log(expected + 1);
  return Math.max(least, most - (most - least) * agreed);
}
