/** The strategies of a family: what is remembered of it and how the store is tuned decide. */
import { kvStrategy, logStrategy, manualStrategy, type Strategy } from '@clortho/compaction';
import type { Family } from '../catalog/family.ts';
import type { Tuning } from '../options.ts';

/** Returns the strategy for the background. */
export function strategyOf(family: Family, tuning: Tuning): Strategy {
  return family.record.kind === 'log' ? logStrategyOf(family) : kvStrategy(kvOptions(family, tuning));
}

/** Returns the strategy for a compaction on demand: everything goes to its final place. */
export function manualStrategyOf(family: Family, tuning: Tuning): Strategy {
  return family.record.kind === 'log' ? logStrategyOf(family) : manualStrategy(kvOptions(family, tuning));
}

function kvOptions({ record }: Family, tuning: Tuning): Parameters<typeof kvStrategy>[0] {
  const { fanIn, runsMax, historyBucketMs, partBytes, moveBytes } = tuning;
  return {
    ...(fanIn === undefined ? {} : { fanIn, levelZeroRuns: fanIn }),
    ...(runsMax === undefined ? {} : { deltaRunsMax: runsMax }),
    ...(historyBucketMs === undefined ? {} : { windowMicros: historyBucketMs * 1000 }),
    ...(partBytes === undefined ? {} : { partBytesMax: partBytes }),
    ...(moveBytes === undefined ? {} : { moveBytesMin: moveBytes }),
    versions: record.keepVersions,
    forgetTimestamps: record.forgetTimestamps,
    ...(record.ttlMs === 0 ? {} : { ttlMicros: record.ttlMs * 1000 }),
  };
}

function logStrategyOf({ record }: Family): Strategy {
  return logStrategy({
    windowMicros: record.windowMs * 1000,
    ...(record.retainMs === 0 ? {} : { retentionMicros: record.retainMs * 1000 }),
    ...(record.retainBytes === 0 ? {} : { bytesMax: record.retainBytes }),
  });
}
