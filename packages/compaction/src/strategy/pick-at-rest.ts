/**
 * What is worth doing while nobody writes: fewer runs for those who read.
 *
 *     delta      3 20 5        after a second     28                    after as long as the merge
 *     current    400                              400                   is worth at most             428
 *
 * Invariants:
 * - A merge is asked for only once nothing was committed for as long as it may take: one who writes now and then pays in
 *   proportion to the time in between.
 * - What is asked for leaves fewer runs or less of delta, so that it ends.
 */
import type { KvOptions } from './options.ts';
import { pickBaseAtRest } from './pick-base.ts';
import { pickDeltaAtRest } from './pick-delta.ts';
import type { CompactionState, MergePlan } from './plan.ts';
import { bytesOf, filesOf } from './runs.ts';

/** How long nobody must have written. */
const REST_MICROS_MIN = 1_000_000;
/** Of less than this much delta a cold read hardly sees anything, and the requests of a merge cost as much as those of a large one: … */
const SMALL_BYTES = 1024 * 1024;
/** … it waits longer. */
const SMALL_REST_MICROS_MIN = 30_000_000;

/** Returns the merge that is worth it after the rest that a family has had, if any. */
export function pickAtRest(state: CompactionState, options: KvOptions): MergePlan | undefined {
  const { restMicros = 0, busy, intoBase = [] } = state;
  const isSmall = bytesOf(filesOf(state, 'delta')) < SMALL_BYTES;
  if (restMicros < (isSmall ? SMALL_REST_MICROS_MIN : REST_MICROS_MIN)) return undefined;
  if (intoBase.length > 0 || (busy !== undefined && busy.size > 0)) return undefined;
  const bytesMax = (restMicros / 1e6) * options.restBytesPerSecond;
  return pickBaseAtRest(state, options, bytesMax) ?? pickDeltaAtRest(state, options, bytesMax);
}
