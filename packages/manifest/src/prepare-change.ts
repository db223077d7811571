/**
 * Preparing a change: from the state of a shard and an edit to the bytes of its next head.
 *
 *     state + edit + patch  ->  next state, its bytes, the version that they replace
 *
 * Preparing changes nothing that anyone sees: a tail that is due is folded into a new object, which only the
 * prepared head names. A change that is never swapped in leaves at most that object as garbage.
 *
 * Invariants:
 * - Only committed edits are folded; the edit being prepared stays in the tail. (See `fold.ts`.)
 * - Objects that a change introduces have ids at or above the gcFloor of the head that it replaces.
 */
import { ClorthoError, type Random } from '@clortho/base';
import { encodeHead, encodeSegment } from './codec.ts';
import type { Edit } from './edit.ts';
import { needsFold, planFold } from './fold.ts';
import { advanceHead, type Head, type HeadPatch } from './head.ts';
import type { ManifestContext } from './manifest-context.ts';
import { segmentKey, segmentSize } from './segment.ts';
import { applyChange, type ShardFiles } from './shard-files.ts';
import { headKey, loadSegment, type ShardState, VanishedSegment } from './shard-state.ts';

/** A head ready to be swapped in. */
export interface PreparedChange {
  readonly shard: number;
  /** The register version that the head replaces. */
  readonly expect: number;
  readonly token: string;
  readonly value: Uint8Array;
  /** The state of the shard once the swap was applied. */
  readonly next: ShardState;
}

/** Returns a token for a change: 96 random bits as 21 characters. */
export function mintToken(random: Random): string {
  const word = (): string => random.uint32().toString(36).padStart(7, '0');
  return word() + word() + word();
}

/**
 * Returns the change of a shard from `state` by `edit`. Uploads a checkpoint segment if the tail is due.
 *
 * @throws {ClorthoError} `CLORTHO_CONFLICT` if an added file's id lies below the gcFloor (upload it again under a
 *   new id), or if `state` is so old that its checkpoint was collected; `CLORTHO_CORRUPT` if the edit does not fit
 *   the files, or the newest head names a checkpoint that is gone or damaged; whatever the object store throws
 *   when the tail is folded.
 */
export async function prepareChange(
  context: ManifestContext,
  state: ShardState,
  edit: Edit,
  patch: HeadPatch,
): Promise<PreparedChange> {
  const { head } = state;
  if (head.state === 'sealed') {
    throw new ClorthoError('CLORTHO_CONFLICT', `the shard was split or merged away: shard=${head.shard}`);
  }
  const stale = edit.added.find((file) => file.id < head.gcFloor && !isMove(edit, file.id));
  if (stale !== undefined) {
    throw new ClorthoError('CLORTHO_CONFLICT', `a new file is below the floor of garbage: file=${stale.id}`);
  }
  const files = applyChange(state.files, edit);
  const base = needsFold(head, state.headBytes, context.tailEditsMax)
    ? await foldTail(context, state)
    : state;
  const nextHead = advanceHead(base.head, edit, patch);
  const value = encodeHead(nextHead);
  return {
    shard: head.shard,
    expect: head.version,
    token: edit.token,
    value,
    next: { head: nextHead, headBytes: value.length, files, folded: base.folded },
  };
}

/** Returns the last change of a shard: its head is sealed, with all its tail. */
export function prepareSeal(state: ShardState, token: string): PreparedChange {
  const { head, files, folded } = state;
  const edit: Edit = { token, timestamp: 0, added: [], removed: [] };
  const sealed = advanceHead(head, edit, { state: 'sealed' });
  const value = encodeHead(sealed);
  return {
    shard: head.shard,
    expect: head.version,
    token,
    value,
    next: { head: sealed, headBytes: value.length, files, folded },
  };
}

async function foldTail(
  context: ManifestContext,
  { head, files, folded }: ShardState,
): Promise<Pick<ShardState, 'head' | 'folded'>> {
  const { segment, kept } = await planFold(head, (reference) =>
    loadSegment(context.objects, head, reference),
  ).catch((error: unknown) => explainVanished(context, head, error));
  const id = context.ids.mint(head.gcFloor);
  await context.objects.put(segmentKey(id), encodeSegment(head.store, head.shard, segment));
  const reference = { id, from: segment.from, to: segment.to, size: segmentSize(segment) };
  const stillFolded = new Map<string, ShardFiles>([[id, files]]);
  for (const { id } of kept) {
    const known = folded.get(id);
    if (known !== undefined) stillFolded.set(id, known);
  }
  return { head: { ...head, segments: [...kept, reference], tail: [] }, folded: stillFolded };
}

/** A segment may be gone because the head moved on, which is a lost race, or though the head names it: damage. */
async function explainVanished({ registers }: ManifestContext, head: Head, error: unknown): Promise<never> {
  if (!(error instanceof VanishedSegment)) throw error;
  const [register] = await registers.read([headKey(head.shard)]);
  if (register === undefined || register.version <= head.version) throw error;
  throw new ClorthoError(
    'CLORTHO_CONFLICT',
    `the shard moved on and its old checkpoint is gone: shard=${head.shard} version=${head.version}`,
    { cause: error },
  );
}

function isMove(edit: Edit, id: string): boolean {
  return edit.removed.some((file) => file.id === id);
}
