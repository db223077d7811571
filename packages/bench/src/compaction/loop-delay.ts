/** How late the event loop of a process is while its store compacts. */
import type { Figure } from '../report/figure.ts';
import { startSubject } from '../workload/subject.ts';
import type { LoopRound, LoopSetup } from './loop-process.ts';
import type { MergeRows } from './merge-rows.ts';

const MB = 1e6;
const DELAY_MS_MOST = 20;

/** Measures it once, with half of the rows: a store takes longer to fill than a file. */
export async function loopDelay({ seed, rows }: MergeRows): Promise<Figure[]> {
  const setup: LoopSetup = { seed, rows: Math.ceil(rows / 2) };
  const host = await startSubject<LoopRound>('./loop-process.js', import.meta.url, setup);
  const { atRest, compacting, jobs, bytesMerged } = await host.round();
  await host.end();
  return [
    { name: 'merges beside the host', value: jobs, unit: '' },
    { name: '… their outputs', value: bytesMerged / MB, unit: 'MB' },
    { name: '… for', value: compacting.seconds, unit: 's' },
    { name: 'delay of the loop, 99 of 100', value: compacting.p99, unit: 'ms', bar: { most: DELAY_MS_MOST } },
    { name: '… median', value: compacting.p50, unit: 'ms' },
    { name: '… longest', value: compacting.longest, unit: 'ms' },
    { name: 'without compaction: 99 of 100', value: atRest.p99, unit: 'ms' },
    { name: '… longest', value: atRest.longest, unit: 'ms' },
  ];
}
