/** Judging a run by the bars: ratios of medians. */
import { BARS, type Bar, BEST } from './bars.ts';
import { CLORTHO, peerNamed } from './peers.ts';
import { peersOf, type Results, type Summary, summaryOf } from './results.ts';
import { GROUPS, type Workload } from './workloads.ts';

/** A bar and what became of it. */
export interface Judgement {
  readonly bar: Bar;
  /** The ratio, or the figure that stands alone; `undefined` if a side was not measured. */
  readonly value: number | undefined;
  /** The other side by name. */
  readonly against: string | undefined;
  readonly verdict: 'ok' | 'MISSED' | 'not measured';
}

const MIB = 2 ** 20;

/** Returns the judgement of each bar. */
export function judge(results: Results, bars: readonly Bar[] = BARS): Judgement[] {
  return bars.map((bar) => {
    const against = bar.against === BEST ? bestPeer(results, bar.to ?? bar.workload) : bar.against;
    const value = valueOf(results, bar, against);
    return { bar, value, against, verdict: value === undefined ? 'not measured' : verdictOf(value, bar) };
  });
}

/** Returns how many are missed. */
export function missed(judgements: readonly Judgement[]): number {
  return judgements.filter(({ verdict }) => verdict === 'MISSED').length;
}

/** Returns the workload of that name. */
export function workloadNamed(name: string): Workload {
  const workload = GROUPS.flatMap(({ workloads }) => workloads).find((one) => one.name === name);
  if (workload === undefined) throw new Error(`no such workload: ${name}`);
  return workload;
}

/** Returns the best peer of a workload, Clortho left out. */
export function bestPeer(results: Results, workload: string): string | undefined {
  const isLessBetter = workloadNamed(workload).unit !== 'ops/s';
  const medianOf = (peer: string): number => summaryOf(results, workload, peer)?.median ?? 0;
  return peersOf(results, workload)
    .filter((peer) => peer !== CLORTHO && peerNamed(peer).isKernel !== true)
    .toSorted((left, right) => (medianOf(right) - medianOf(left)) * (isLessBetter ? -1 : 1))[0];
}

function valueOf(results: Results, bar: Bar, against: string | undefined): number | undefined {
  const ours = measureOf(summaryOf(results, bar.workload, CLORTHO), bar);
  if (ours === undefined || bar.against === undefined) return ours;
  const theirs = against && measureOf(summaryOf(results, bar.to ?? bar.workload, against), bar);
  return theirs ? ours / theirs : undefined;
}

function measureOf(summary: Summary | undefined, { measure = 'value' }: Bar): number | undefined {
  switch (measure) {
    case 'value':
      return summary?.median;
    case 'rssMiB':
      return summary && summary.rssBytes / MIB;
    case 'stallMs':
      return summary?.stallMs;
  }
}

function verdictOf(value: number, { least = 0, most = Number.POSITIVE_INFINITY }: Bar): 'ok' | 'MISSED' {
  return value >= least && value <= most ? 'ok' : 'MISSED';
}
