/** The strategies of a family: what is remembered of it and how the store is tuned decide. */
import {
  deltaStrategy,
  inputsOf,
  KV_DEFAULTS,
  kvStrategy,
  logStrategy,
  manualStrategy,
  NOTHING,
  type Strategy,
} from '@clortho/compaction';
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

/**
 * Returns the strategy for a thread that is kept for small merges of what was just written: without it, these would wait for
 * large ones, and reads would look at every run that waits.
 */
export function smallStrategyOf(family: Family, tuning: Tuning): Strategy {
  const inputBytesMax = KV_DEFAULTS.baseBytesMin;
  const strategy =
    family.record.kind === 'log'
      ? logStrategyOf(family, { inputBytesMax })
      : deltaStrategy({ ...kvOptions(family, tuning), inputBytesMax });
  return (state) => {
    const plan = strategy(state);
    if (plan.kind !== 'merge') return plan;
    const bytes = inputsOf(plan).reduce((sum, file) => sum + file.bytes, 0);
    return bytes > inputBytesMax ? NOTHING : plan;
  };
}

function kvOptions({ record }: Family, tuning: Tuning): Parameters<typeof kvStrategy>[0] {
  const { deltaRuns, runsMax, historyBucketMs, partBytes, moveBytes } = tuning;
  return {
    ...(deltaRuns === undefined ? {} : { deltaRuns }),
    ...(runsMax === undefined ? {} : { deltaRunsMax: runsMax }),
    ...(historyBucketMs === undefined ? {} : { windowMicros: historyBucketMs * 1000 }),
    ...(partBytes === undefined ? {} : { partBytesMax: partBytes }),
    ...(moveBytes === undefined ? {} : { moveBytesMin: moveBytes }),
    versions: record.keepVersions,
    forgetTimestamps: record.forgetTimestamps,
    ...(record.ttlMs === 0 ? {} : { ttlMicros: record.ttlMs * 1000 }),
  };
}

function logStrategyOf({ record }: Family, options: Parameters<typeof logStrategy>[0] = {}): Strategy {
  return logStrategy({
    ...options,
    windowMicros: record.windowMs * 1000,
    ...(record.retainMs === 0 ? {} : { retentionMicros: record.retainMs * 1000 }),
    ...(record.retainBytes === 0 ? {} : { bytesMax: record.retainBytes }),
  });
}
