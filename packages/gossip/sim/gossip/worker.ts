/** A process that runs the experiments it is told to, one after the other. */
import { type ExperimentOptions, type ExperimentReport, runExperiment } from '@clortho/gossip/simulation';

/** A report and what it took. */
export interface Measured {
  readonly report: ExperimentReport;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

process.on('message', (options: ExperimentOptions) => {
  const began = process.cpuUsage();
  const report = runExperiment(options);
  const { user, system } = process.cpuUsage(began);
  const measured: Measured = {
    // Nobody asks a table for curves.
    report: { ...report, rumourCurve: [] },
    cpuSeconds: (user + system) / 1e6,
    rssMiB: process.memoryUsage().rss / 2 ** 20,
  };
  process.send?.(measured);
});
