/** Jobs of compaction, told to whoever listened when they began. */
import type { Work } from '@clortho/compaction';
import type { JobResult } from '../maintenance/compaction-job.ts';
import type { Place } from '../maintenance/place.ts';
import { type CompactionMessage, compactionChannel } from './channels.ts';
import type { Metrics } from './metrics.ts';
import { observedCall } from './observed-call.ts';

/** What a job came to; `undefined` for one that was lost. */
type Outcome = JobResult | 'drop' | 'move' | undefined;

const NO_MERGE = { rowsRead: 0, rowsWritten: 0, bytesRead: 0, bytesWritten: 0 };

/** Carries out a job, and tells how it ended. */
export function observedJob(
  metrics: Metrics,
  { shard, family }: Place,
  { kind, reason }: Work,
  carryOut: () => Promise<Outcome>,
): Promise<Outcome> {
  if (!compactionChannel.hasSubscribers) return carryOut();
  return observedCall<Outcome, CompactionMessage>(compactionChannel, metrics, carryOut, (outcome, error) => {
    const isLost = outcome === undefined && error === undefined;
    const { rowsRead, rowsWritten, bytesRead, bytesWritten } =
      typeof outcome === 'object' ? outcome : NO_MERGE;
    const sums = { rowsRead, rowsWritten, bytesRead, bytesWritten };
    return { shard, family: family.record.name, kind, reason, isLost, ...sums };
  });
}
