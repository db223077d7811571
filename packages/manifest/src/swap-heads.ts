/**
 * Swapping heads: the moment at which a change of one or several shards becomes visible, all at once.
 *
 *     send ──► applied, or refused at the first try     → done
 *      ▲  └──► no reply, or refused after one was lost  → settle ──► decided → done
 *      └─────────────────── wait, the same bytes again ───────┘ undecided
 *
 * Invariants:
 * - What is sent again is the identical change: whichever copy arrives first applies, all others are refused.
 * - `applied` and `lost` are certain. What is not is `CLORTHO_OUTCOME_UNKNOWN`, whatever ended the pursuit.
 */
import { ClorthoError, isClorthoError, randomFraction } from '@clortho/base';
import type { RegisterChange } from '@clortho/registers';
import type { ManifestContext } from './manifest-context.ts';
import type { PreparedChange } from './prepare-change.ts';
import { settle } from './settle.ts';
import { headKey, VanishedSegment } from './shard-state.ts';

const SETTLE_MS_MAX = 30_000;
const DELAY_MS = 5;
const DELAY_MS_MAX = 1000;

/**
 * Swaps all prepared heads at once, together with `others`: registers that are only checked, or written along. Settles
 * lost replies by the heads alone.
 *
 * Returns `applied`, after which each `next` is the state of its shard, or `lost` if another change came first.
 *
 * @throws {ClorthoError} `CLORTHO_OUTCOME_UNKNOWN` if the outcome cannot be settled within `settleMsMax`;
 *   `CLORTHO_UNAVAILABLE` if nothing was applied.
 */
export async function swapHeads(
  context: ManifestContext,
  prepared: readonly PreparedChange[],
  others: readonly RegisterChange[] = [],
): Promise<'applied' | 'lost'> {
  const changes: RegisterChange[] = [
    ...prepared.map(({ shard, expect, value }) => ({ key: headKey(shard), expect, value })),
    ...others,
  ];
  const deadline = context.clock.monotonic() + (context.settleMsMax ?? SETTLE_MS_MAX);
  let lostReply: unknown;
  for (let delayMs = DELAY_MS; ; delayMs = Math.min(delayMs * 2, DELAY_MS_MAX)) {
    let refused = false;
    try {
      const { applied } = await context.registers.compareAndSwap(changes);
      if (applied) return 'applied';
      if (lostReply === undefined) return 'lost';
      refused = true;
    } catch (error) {
      const isUnknown = isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN');
      if (lostReply === undefined && !isUnknown) throw error;
      if (!isUnknown && !isClorthoError(error, 'CLORTHO_UNAVAILABLE')) throw unsettled(error);
      lostReply = error;
    }
    try {
      const verdict = await settle(context, prepared, refused);
      if (verdict !== 'undecided') return verdict;
    } catch (error) {
      // A segment that vanished was replaced meanwhile: the head read again names another one.
      const mayPass = isClorthoError(error, 'CLORTHO_UNAVAILABLE') || error instanceof VanishedSegment;
      if (!mayPass) throw unsettled(error);
      lostReply = error;
    }
    if (context.clock.monotonic() >= deadline) throw unsettled(lostReply);
    await context.clock.sleep(delayMs * randomFraction(context.random));
  }
}

/** Returns what to throw where the pursuit ends without a verdict: a bug as it came, all else as unknown. */
function unsettled(cause: unknown): unknown {
  if (!isClorthoError(cause) || cause.code === 'CLORTHO_OUTCOME_UNKNOWN') return cause;
  return new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', `a change could not be settled: cause=${cause.code}`, {
    cause,
  });
}
