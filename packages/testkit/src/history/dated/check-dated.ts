/**
 * Histories with commit timestamps: the timestamps are the witness, so that one pass decides.
 *
 *     judge ──► nothing found ──► valid
 *       ▲  └──► a finding with suspects: reads that something left open would let see another version
 *       └─────── assume it: an unknown write took effect at some time, an equal value is another version, …
 *
 * Invariants:
 * - Without unknown writes that lack a timestamp, equal values and several writes in a commit, nothing is assumed and
 *   the check takes time linear in the history, but for sorting.
 * - A finding is reported only if no assumption takes it away.
 */
import type { PreparedOperation } from '../prepared-operation.ts';
import { alternatives, type Refuted } from './alternatives.ts';
import { type Assumptions, type DatedFinding, NO_ASSUMPTIONS } from './assumptions.ts';
import { chooseVersions } from './choose-versions.ts';
import { timelinesOf } from './commit.ts';
import type { Shard } from './cut.ts';
import { knownDates } from './known-dates.ts';
import { findOrder } from './order.ts';
import { pastReadFinding } from './past-reads.ts';
import { staleReadFinding } from './stale-reads.ts';

/** An order, a finding, or neither because the search was given up. */
export type DatedOutcome =
  | { readonly order: readonly number[] }
  | { readonly finding: DatedFinding }
  | undefined;

/** Checks a history whose acknowledged writes all have timestamps. */
export function checkDated(
  operations: readonly PreparedOperation[],
  shardOf: (key: string) => Shard,
  stepsMax: number,
): DatedOutcome {
  const open: Assumptions[] = [{ ...NO_ASSUMPTIONS, dates: knownDates(operations) }];
  const tried = new Set<string>();
  let first: DatedFinding | undefined;
  let steps = 0;
  for (let assumptions = open.pop(); assumptions !== undefined; assumptions = open.pop()) {
    const name = nameOf(assumptions);
    if (tried.has(name)) continue;
    tried.add(name);
    if (steps > stepsMax) return undefined;
    steps += operations.length;
    const judged = judge(operations, shardOf, assumptions);
    if (judged === undefined) continue;
    if ('order' in judged) return judged;
    first ??= judged.finding;
    open.push(...alternatives(operations, shardOf, judged, assumptions).reverse());
  }
  return first && { finding: first };
}

function judge(
  operations: readonly PreparedOperation[],
  shardOf: (key: string) => Shard,
  assumptions: Assumptions,
): { readonly order: readonly number[] } | Refuted | undefined {
  const timelines = timelinesOf(operations, shardOf, assumptions);
  if (timelines === undefined) return undefined;
  if ('kind' in timelines) return { timelines: undefined, finding: timelines };
  const past = pastReadFinding(operations, timelines, assumptions);
  if (past !== undefined) return { timelines, finding: past };
  const seen = chooseVersions(operations, timelines, assumptions);
  if ('kind' in seen) return { timelines, finding: seen };
  const order = findOrder(operations, timelines, seen, assumptions);
  if ('kind' in order) return { timelines, finding: order };
  const stale = staleReadFinding(operations, timelines, shardOf, seen);
  return stale === undefined ? { order } : { timelines, finding: stale };
}

function nameOf({ before, dates, seen }: Assumptions): string {
  const sorted = (entries: Iterable<readonly [unknown, unknown]>): string =>
    [...entries].map(String).sort().join(';');
  return [sorted(dates), sorted(before), sorted(seen)].join('|');
}
