/**
 * Changing shards: prepare the next head of each, then swap all of them at once.
 *
 *     prepareChange   state + edit + patch  ->  next state and its bytes (folds the tail if it is due)
 *     swapHeads       all prepared heads    ->  applied | lost, or CLORTHO_OUTCOME_UNKNOWN
 *
 * A swap whose reply was lost is settled by reading the written heads: the first version after the expected one
 * carries the token of whoever made it.
 *
 * Invariants:
 * - A written head that moved past its expected version decides for the whole swap. While none moved nothing is
 *   decided, and the identical change is sent again. Check-only registers never decide.
 * - Objects that a change introduces have ids at or above the gcFloor of the head it replaces.
 */
import { ClorthoError, type Clock, type IdSource, isClorthoError, type Random, randomFraction } from '@clortho/base';
import type { ObjectStore } from '@clortho/object-store';
import type { RegisterChange, RegisterStore } from '@clortho/registers';
import { decodeHead, encodeHead, encodeSegment } from './codec.ts';
import type { Edit } from './edit.ts';
import { needsFold, planFold } from './fold.ts';
import { advanceHead, type Head, type HeadPatch, tailToken } from './head.ts';
import { segmentKey, segmentSize, tokenAt } from './segment.ts';
import { applyChange } from './shard-files.ts';
import { headKey, loadSegment, type ShardState } from './shard-state.ts';

/** What changing shards needs from outside. */
export interface ManifestContext {
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  /** How long an unknown outcome is pursued before it is reported; 30,000 by default. */
  readonly settleMsMax?: number | undefined;
}

/** A head ready to be swapped in. */
export interface PreparedChange {
  readonly shard: number;
  readonly expect: number;
  readonly token: string;
  readonly value: Uint8Array;
  readonly next: ShardState;
}

/** A register that must not have moved for a swap to apply. */
export interface RegisterCheck {
  readonly key: string;
  readonly expect: number;
}

/** Returns a token for a change: 96 random bits as text. */
export function mintToken(random: Random): string {
  const word = (): string => random.uint32().toString(36).padStart(7, '0');
  return word() + word() + word();
}

/**
 * Returns the change of a shard from `state` by `edit`. Uploads a checkpoint segment if the tail is full.
 *
 * @throws {ClorthoError} `CLORTHO_CONFLICT` if an added file's id lies below the gcFloor (upload it again under a
 *   new id); whatever the object store throws when the tail is folded.
 */
export async function prepareChange(
  context: ManifestContext,
  state: ShardState,
  edit: Edit,
  patch: HeadPatch,
): Promise<PreparedChange> {
  const { head } = state;
  const stale = edit.added.find((file) => file.id < head.gcFloor && !isMove(edit, file.id));
  if (stale !== undefined) {
    throw new ClorthoError('CLORTHO_CONFLICT', `a new file is below the floor of garbage: file=${stale.id}`);
  }
  const base = needsFold(head, state.headBytes) ? await foldTail(context, head) : head;
  const nextHead = advanceHead(base, edit, patch);
  const value = encodeHead(nextHead);
  return {
    shard: head.shard,
    expect: head.version,
    token: edit.token,
    value,
    next: { head: nextHead, headBytes: value.length, files: applyChange(state.files, edit) },
  };
}

/**
 * Swaps all prepared heads at once, provided that no check moved, and settles lost replies.
 *
 * Returns `applied`, after which each `next` is the state of its shard, or `lost` if another change came first.
 *
 * @throws {ClorthoError} `CLORTHO_OUTCOME_UNKNOWN` if the outcome cannot be settled within `settleMsMax`;
 *   `CLORTHO_UNAVAILABLE` if nothing was applied.
 */
export async function swapHeads(
  context: ManifestContext,
  prepared: readonly PreparedChange[],
  checks: readonly RegisterCheck[] = [],
): Promise<'applied' | 'lost'> {
  const changes: RegisterChange[] = [
    ...prepared.map(({ shard, expect, value }) => ({ key: headKey(shard), expect, value })),
    ...checks,
  ];
  const deadline = context.clock.monotonic() + (context.settleMsMax ?? SETTLE_MS_MAX);
  let unknown: unknown;
  for (let delayMs = 5; ; delayMs = Math.min(delayMs * 2, 1000)) {
    try {
      const result = await context.registers.compareAndSwap(changes);
      if (result.applied) return 'applied';
      if (unknown === undefined) return 'lost';
    } catch (error) {
      const retryable =
        isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN') ||
        (unknown !== undefined && isClorthoError(error, 'CLORTHO_UNAVAILABLE'));
      if (!retryable) throw error;
      unknown = error;
    }
    const verdict = await settle(context, prepared).catch((error: unknown) => {
      if (isClorthoError(error, 'CLORTHO_UNAVAILABLE')) return 'undecided' as const;
      throw error;
    });
    if (verdict !== 'undecided') return verdict;
    if (context.clock.monotonic() > deadline) {
      throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'a commit could not be settled in time', { cause: unknown });
    }
    await context.clock.sleep(delayMs * randomFraction(context.random));
  }
}

const SETTLE_MS_MAX = 30_000;

/** Reads the written heads and judges by the first that moved; see the module's invariants. */
async function settle(
  context: ManifestContext,
  prepared: readonly PreparedChange[],
): Promise<'applied' | 'lost' | 'undecided'> {
  const registers = await context.registers.read(prepared.map(({ shard }) => headKey(shard)));
  for (const [index, change] of prepared.entries()) {
    const register = registers[index];
    if (register === undefined || register.version <= change.expect) continue;
    const head = decodeHead(register.value, register.key);
    const token = await tokenOf(context, head, change.expect + 1);
    if (token === undefined) {
      throw new ClorthoError(
        'CLORTHO_OUTCOME_UNKNOWN',
        `the change is older than the remembered tokens: shard=${change.shard} version=${change.expect + 1}`,
      );
    }
    return token === change.token ? 'applied' : 'lost';
  }
  return 'undecided';
}

async function tokenOf(context: ManifestContext, head: Head, version: number): Promise<string | undefined> {
  if (version > head.version - head.tail.length) return tailToken(head, version);
  const reference = head.segments.find((segment) => version > segment.from && version <= segment.to);
  if (reference === undefined) return undefined;
  return tokenAt(await loadSegment(context.objects, head, reference), version);
}

async function foldTail(context: ManifestContext, head: Head): Promise<Head> {
  const { segment, kept } = await planFold(head, (reference) => loadSegment(context.objects, head, reference));
  const id = context.ids.mint(head.gcFloor);
  await context.objects.put(segmentKey(id), encodeSegment(head.store, head.shard, segment));
  const reference = { id, from: segment.from, to: segment.to, size: segmentSize(segment) };
  return { ...head, segments: [...kept, reference], tail: [] };
}

function isMove(edit: Edit, id: string): boolean {
  return edit.removed.some((file) => file.id === id);
}
