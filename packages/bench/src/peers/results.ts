/** What a comparison came to: rounds by workload and peer, and their medians. */
import { median } from '../workload/statistics.ts';
import type { Skipped } from './peers.ts';
import type { Sample } from './run/sample.ts';

/** The rounds of a peer in a workload. */
export interface Line {
  readonly workload: string;
  readonly peer: string;
  readonly samples: readonly Sample[];
}

/** A whole run. */
export interface Results {
  readonly entries: number;
  readonly seed: number;
  readonly lines: readonly Line[];
  /** Peers that took no part, or left, and why. */
  readonly skipped: readonly Skipped[];
}

/** The rounds of a peer in one. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly cpuMicrosPerOp: number;
  readonly rssBytes: number;
  readonly stallMs: number;
  readonly bytesWritten: number | undefined;
}

/** Returns the summary of a peer in a workload, or `undefined` if it was not measured there. */
export function summaryOf(results: Results, workload: string, peer: string): Summary | undefined {
  const line = results.lines.find((one) => one.workload === workload && one.peer === peer);
  return line === undefined || line.samples.length === 0 ? undefined : summarize(line.samples);
}

/** Returns the peers that were measured in a workload. */
export function peersOf(results: Results, workload: string): readonly string[] {
  return results.lines
    .filter((line) => line.workload === workload && line.samples.length > 0)
    .map(({ peer }) => peer);
}

function summarize(samples: readonly Sample[]): Summary {
  const values = samples.map(({ value }) => value);
  const bytes = samples.map(({ bytesWritten }) => bytesWritten);
  return {
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    cpuMicrosPerOp: median(samples.map(({ cpuMicrosPerOp }) => cpuMicrosPerOp)),
    rssBytes: Math.max(...samples.map(({ rssBytes }) => rssBytes)),
    stallMs: Math.max(...samples.map(({ stallMs }) => stallMs)),
    bytesWritten: bytes.includes(undefined) ? undefined : median(bytes.map(Number)),
  };
}
