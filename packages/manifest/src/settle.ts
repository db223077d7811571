/**
 * Settling a swap whose reply was lost: the written heads tell what became of it.
 *
 *     expected 7      8         9 …
 *                     └ the first version after the expected one carries the token of whoever made it:
 *                       ours → applied, another's → lost, though anything may have followed
 *
 * Invariants:
 * - A written head that moved past its expected version decides for the whole swap, for a swap applies to all
 *   heads or none. While none moved, the swap may still be on its way and nothing is decided.
 * - A register that is only checked never decides by having moved: it may have moved after the swap was applied.
 * - A refusal is no verdict on its own: the swap may have been refused because an earlier copy of it was applied.
 */
import { ClorthoError } from '@clortho/base';
import type { Register } from '@clortho/registers';
import { decodeHead } from './codec.ts';
import { type Head, tailToken } from './head.ts';
import type { ManifestContext } from './manifest-context.ts';
import type { PreparedChange } from './prepare-change.ts';
import { tokenAt } from './segment.ts';
import { headKey, loadSegment, VanishedSegment } from './shard-state.ts';

/** What became of a swap, as far as the registers tell. */
export type Verdict = 'applied' | 'lost' | 'undecided';

/**
 * Reads the written heads and returns what became of the swap.
 *
 * `refused` says that the latest copy of the swap was refused, for certain and before this call. If no written
 * head has moved even so, a checked register was in the way; versions only grow, so no copy can ever apply: lost.
 *
 * @throws {ClorthoError} `CLORTHO_OUTCOME_UNKNOWN` if every head that moved has left the expected version beyond
 *   the remembered tokens; whatever reading registers and segments throws.
 */
export async function settle(
  context: Pick<ManifestContext, 'objects' | 'registers'>,
  prepared: readonly PreparedChange[],
  refused: boolean,
): Promise<Verdict> {
  const registers = await context.registers.read(prepared.map(({ shard }) => headKey(shard)));
  let forgotten: PreparedChange | undefined;
  for (const [index, change] of prepared.entries()) {
    const register = registers[index];
    if (register === undefined || register.version <= change.expect) continue;
    const token = await tokenOf(context, headIn(register), change.expect + 1);
    if (token !== undefined) return token === change.token ? 'applied' : 'lost';
    forgotten = change;
  }
  if (forgotten === undefined) return refused ? 'lost' : 'undecided';
  throw new ClorthoError(
    'CLORTHO_OUTCOME_UNKNOWN',
    `the change is older than the remembered tokens: shard=${forgotten.shard} version=${forgotten.expect + 1}`,
  );
}

/** Versions of head and register are the same number; the judgement above stands on it. */
function headIn(register: Register): Head {
  const head = decodeHead(register.value, register.key);
  if (head.version === register.version) return head;
  throw new ClorthoError(
    'CLORTHO_CORRUPT',
    `head is of another version than its register: at=${register.key} head=${head.version} register=${register.version}`,
  );
}

async function tokenOf(
  { objects }: Pick<ManifestContext, 'objects'>,
  head: Head,
  version: number,
): Promise<string | undefined> {
  if (version > head.version - head.tail.length) return tailToken(head, version);
  const reference = head.segments.find((segment) => version > segment.from && version <= segment.to);
  if (reference === undefined) return undefined;
  try {
    return tokenAt(await loadSegment(objects, head, reference), version);
  } catch (error) {
    // An open head read again names another segment; a sealed one never changes, and garbage collection took its own.
    if (error instanceof VanishedSegment && head.state === 'sealed') return undefined;
    throw error;
  }
}
