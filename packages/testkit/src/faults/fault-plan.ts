/** Plans: which faults a wrapped backend injects, named one by one or drawn by chance. */
import { type Clock, ClorthoError, type Random } from '@clortho/base';
import type { Fault, FaultableCall } from './fault.ts';
import type { FaultTrace } from './fault-trace.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/**
 * Probabilities per call. `delay` is drawn twice and apart from the others, for the way there and the way back; of
 * the others, which add up to 1 at most, at most one meets a call.
 */
export type FaultRates = Readonly<Partial<Record<Fault['kind'], number>>>;

/** A fault of a named test. */
export interface ScriptedFault {
  readonly call: FaultableCall;
  /** Which of the calls that match, from 1; every one by default. */
  readonly number?: number | undefined;
  /** Match only calls with a key that begins so. */
  readonly prefix?: string | undefined;
  /** Match only calls of the process of this name. */
  readonly process?: string | undefined;
  readonly fault: Fault;
}

/** How a wrapped backend fails; see {@link faultyRegisterStore} and {@link faultyObjectStore}. */
export interface FaultPlan {
  /** The time that delays take. */
  readonly clock: Clock;
  /** All that is drawn is drawn from here. */
  readonly random: Random;
  /** Whose calls these are; by default those of a process that never crashes. */
  readonly process?: SimulatedProcess | undefined;
  /** Looked up first, in order. */
  readonly script?: readonly ScriptedFault[] | undefined;
  /** For calls that the script does not name. None by default. */
  readonly rates?: FaultRates | undefined;
  /** The longest drawn delay; 50 by default. */
  readonly delayMsMax?: number | undefined;
  /** The longest drawn time to a late or repeated effect; 60,000 by default. Short ones are drawn more often. */
  readonly laterMsMax?: number | undefined;
  /** The longest drawn throttling; 1,000 by default. */
  readonly throttleMsMax?: number | undefined;
  /** The oldest state that a drawn stale read shows; 1,000 by default. */
  readonly staleMsMax?: number | undefined;
  /**
   * The most microtasks that a call waits before and after its effect: interleavings that take no time and no turn
   * of the event loop. 0 by default.
   */
  readonly hopsMax?: number | undefined;
  /** Lets registers answer stale reads, which no register store may: to see a simulation notice. */
  readonly breakRegisters?: boolean | undefined;
  /** Where everything is written down. */
  readonly trace?: FaultTrace | undefined;
}

/**
 * Returns normally if the plan makes sense.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a rate is no probability, those that exclude each other exceed 1, or
 *   crashes are planned for no process.
 */
export function checkPlan({ process, rates = {}, script = [] }: FaultPlan): void {
  const crashes = (rates.crash ?? 0) > 0 || script.some(({ fault }) => fault.kind === 'crash');
  if (crashes && process === undefined) {
    throw new ClorthoError('CLORTHO_INVALID', 'only a simulated process crashes: process=undefined');
  }
  let sum = 0;
  for (const [kind, rate] of Object.entries(rates)) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new ClorthoError('CLORTHO_INVALID', `a rate is from 0 to 1: kind=${kind} rate=${rate}`);
    }
    if (kind !== 'delay') sum += rate;
  }
  if (sum <= 1 + Number.EPSILON) return;
  throw new ClorthoError('CLORTHO_INVALID', `at most one fault meets a call: rates add up to ${sum}`);
}

/** Tells whether the plan can ask for stale reads. */
export function plansStaleReads({ rates, script }: FaultPlan): boolean {
  return (rates?.staleRead ?? 0) > 0 || (script?.some(({ fault }) => fault.kind === 'staleRead') ?? false);
}
