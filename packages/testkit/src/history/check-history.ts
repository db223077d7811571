/**
 * Judges what concurrent clients saw of a store: is there one order of everything that explains it?
 *
 *     history ──► values that cannot be ──► commit timestamps? ── yes ──► their order, checked in one pass
 *                                                   └──────────── no ───► a search, part by part
 *
 * Invariants:
 * - `valid` comes with an order, `invalid` with operations that contradict each other; neither is a guess.
 */
import { ClorthoError } from '@clortho/base';
import { checkDated } from './dated/check-dated.ts';
import { type HistoryOperation, operationText } from './history-operation.ts';
import { type PreparedOperation, prepareHistory } from './prepared-operation.ts';
import { componentsOf } from './search/components.ts';
import { searchOrder } from './search/search-order.ts';
import { smallestContradiction } from './search/smallest-contradiction.ts';
import { settleUnknownWrites } from './search/unknown-writes.ts';
import type { CheckHistoryOptions, Finding, HistoryVerdict } from './verdict.ts';

const STEPS_MAX = 2_000_000;

/**
 * Decides whether a history is strictly serializable: acknowledged writes took effect once between invocation and
 * return, failed ones never, unknown ones as a whole or not at all, and every read saw the state at one moment of
 * its own time. All keys are absent at first.
 *
 * If the store tells commit timestamps, name them: the check is then nearly linear, transactions must have read the
 * state right below their timestamp, commits of a shard must be in the order of their timestamps, and reads of the
 * past (`asOf`) and stale reads (`stalenessMax`) can be judged. Every acknowledged write needs one then. Otherwise
 * an order is searched for, which is fast where few operations overlap.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if an operation contradicts itself, or timestamps are missing.
 */
export function checkHistory(
  history: readonly HistoryOperation[],
  options: CheckHistoryOptions = {},
): HistoryVerdict {
  const { shardOf = (key) => key, stepsMax = STEPS_MAX } = options;
  const { operations, finding } = prepareHistory(history);
  if (finding !== undefined) return invalid(history, finding);
  if (!needsTimestamps(operations)) return search(history, operations, stepsMax);

  requireTimestamps(operations);
  const outcome = checkDated(operations, shardOf, stepsMax);
  if (outcome === undefined) return { verdict: 'undecided' };
  return 'order' in outcome ? { verdict: 'valid', order: outcome.order } : invalid(history, outcome.finding);
}

function search(
  history: readonly HistoryOperation[],
  operations: readonly PreparedOperation[],
  stepsMax: number,
): HistoryVerdict {
  const budget = { steps: stepsMax };
  const moments: (readonly [number, number])[] = [];
  let isUndecided = false;
  for (const component of componentsOf(operations)) {
    const order = searchOrder(settleUnknownWrites(component), budget);
    if (order === 'none') return invalid(history, contradiction(component));
    if (order === undefined) isUndecided = true;
    else moments.push(...momentsOf(order, history));
  }
  if (isUndecided) return { verdict: 'undecided' };
  moments.sort(([one], [two]) => one - two);
  return { verdict: 'valid', order: moments.map(([, index]) => index) };
}

/** Gives the operations of a part the earliest moments that keep their order; by these the parts are put together. */
function momentsOf(
  order: readonly number[],
  history: readonly HistoryOperation[],
): (readonly [number, number])[] {
  let moment = Number.NEGATIVE_INFINITY;
  return order.map((index) => {
    moment = Math.max(moment, history[index]?.invoked ?? moment);
    return [moment, index];
  });
}

function contradiction(component: readonly PreparedOperation[]): Finding {
  const smallest = smallestContradiction(component);
  return {
    kind: 'no-order',
    text: 'no order explains these operations, or the parts of them that are shown',
    operations: smallest.map(({ source }) => source),
    shown: smallest.map(({ reads, source, writes }) => ({
      ...source,
      reads,
      ranges: [],
      writes: [...writes].map(([key, value]) => ({ key, value })),
    })),
  };
}

function invalid(history: readonly HistoryOperation[], finding: Finding): HistoryVerdict {
  const { kind, text, shown = finding.operations } = finding;
  const indexes = finding.operations.map((operation) => history.indexOf(operation));
  const lines = shown.map((operation, place) => operationText(operation, indexes[place] as number));
  return {
    verdict: 'invalid',
    violation: { kind, text: [text, ...lines].join('\n  '), operations: indexes },
  };
}

/** Tells whether something can only be judged by timestamps. */
function needsTimestamps(operations: readonly PreparedOperation[]): boolean {
  return operations.some(
    ({ reads, source }) =>
      source.timestamp !== undefined ||
      source.asOf !== undefined ||
      (source.stalenessMax ?? 0) > 0 ||
      reads.some(({ timestamp }) => timestamp !== undefined),
  );
}

function requireTimestamps(operations: readonly PreparedOperation[]): void {
  for (const { index, isKnown, source, writes } of operations) {
    if (!isKnown || writes.size === 0 || source.timestamp !== undefined) continue;
    throw new ClorthoError('CLORTHO_INVALID', `an acknowledged write has no timestamp: operation=${index}`);
  }
}
