/**
 * Decides which fault meets the next call: the script first, then what is drawn.
 *
 * Invariants:
 * - What is drawn depends on nothing but the random source and the order of the calls.
 */
import { type Random, randomFraction } from '@clortho/base';
import type { CallSubject, Fault } from './fault.ts';
import type { FaultPlan, ScriptedFault } from './fault-plan.ts';

/** Yields the fault of every call, in order. */
export type FaultSource = (subject: CallSubject) => Fault | undefined;

/** Returns the source of a plan. */
export function faultSource(plan: FaultPlan): FaultSource {
  const { random, rates } = plan;
  const scripted = scriptSource(plan.script ?? [], plan.process?.name);
  return (subject) => {
    const named = scripted(subject);
    if (named !== undefined || rates === undefined) return named;
    const kind = drawnKind(random, rates);
    const beforeMs = drawnDelay(plan);
    const afterMs = drawnDelay(plan);
    const timing = { ...(beforeMs > 0 && { beforeMs }), ...(afterMs > 0 && { afterMs }) };
    if (kind === undefined) return beforeMs + afterMs > 0 ? { kind: 'delay', ...timing } : undefined;
    return { ...drawnFault(kind, plan), ...timing };
  };
}

function scriptSource(script: readonly ScriptedFault[], process: string | undefined): FaultSource {
  const entries = script.map((scripted) => ({ ...scripted, seen: 0 }));
  return ({ call, keys }) => {
    let found: Fault | undefined;
    for (const entry of entries) {
      const { prefix = '' } = entry;
      if (entry.call !== call || (entry.process ?? process) !== process) continue;
      if (!keys.some((key) => key.startsWith(prefix))) continue;
      entry.seen += 1;
      if (entry.number === undefined || entry.number === entry.seen) found ??= entry.fault;
    }
    return found;
  };
}

type DrawnKind = Exclude<Fault['kind'], 'delay'>;

function drawnKind(random: Random, rates: NonNullable<FaultPlan['rates']>): DrawnKind | undefined {
  let rest = randomFraction(random);
  for (const [kind, rate] of Object.entries(rates) as [Fault['kind'], number][]) {
    if (kind === 'delay') continue;
    if (rest < rate) return kind;
    rest -= rate;
  }
  return undefined;
}

function drawnDelay({ random, rates, delayMsMax = 50 }: FaultPlan): number {
  const rate = rates?.delay ?? 0;
  return rate > 0 && randomFraction(random) < rate ? delayMsMax * randomFraction(random) : 0;
}

function drawnFault(kind: DrawnKind, plan: FaultPlan): Fault {
  const { random } = plan;
  switch (kind) {
    case 'errorBeforeEffect':
    case 'errorAfterEffect':
      return { kind };
    case 'applyLater':
    case 'duplicate':
      return { kind, laterMs: drawnLater(plan) };
    case 'staleRead':
      return { kind, staleMs: (plan.staleMsMax ?? 1000) * randomFraction(random) };
    case 'throttle':
      return { kind, forMs: (plan.throttleMsMax ?? 1000) * randomFraction(random) };
    case 'hang':
      return { kind, lands: isHeads(random) };
    case 'crash':
      return { kind, lands: isHeads(random), laterMs: isHeads(random) ? 0 : drawnLater(plan) };
  }
}

// Cubed, so that most land among the calls that follow and a few when all is long over.
function drawnLater({ random, laterMsMax = 60_000 }: FaultPlan): number {
  return laterMsMax * randomFraction(random) ** 3;
}

/** Tosses a coin. */
export function isHeads(random: Random): boolean {
  return random.uint32() % 2 === 1;
}
