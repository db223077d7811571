/**
 * Preparing a change: from the state of a shard and an edit to the bytes of its next head.
 *
 *     state + edit + patch  ->  next state, its bytes, the version that they replace
 *
 * Preparing changes nothing that anyone sees: a tail that is due, or whose edit is too large for a head, is folded
 * into a new object, which only the prepared head names. A change that is never swapped in leaves at most that object
 * as garbage.
 *
 * Invariants:
 * - A large edit is folded anew for every attempt to commit it. (See `fold.ts`.)
 * - Objects that a change introduces have ids at or above the gcFloor of the head that it replaces.
 */
import { ClorthoError, isClorthoError, type Random } from '@clortho/base';
import { encodedEditBytes, encodeHead, encodeSegment } from './codec.ts';
import type { Edit } from './edit.ts';
import { EDIT_BYTES_MAX, needsFold, planFold } from './fold.ts';
import { advanceHead, type HeadPatch } from './head.ts';
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

/** What folding changes of a state. */
type Folded = Pick<ShardState, 'head' | 'folded'>;

/** Returns a token for a change: 96 random bits as 21 characters. */
export function mintToken(random: Random): string {
  const word = (): string => random.uint32().toString(36).padStart(7, '0');
  return word() + word() + word();
}

/**
 * Returns the change of a shard from `state` by `edit`. Uploads a checkpoint segment if the tail is due or the
 * edit large.
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
  const editBytes = encodedEditBytes(edit);
  const { version } = head;
  let next: Folded;
  if (editBytes > EDIT_BYTES_MAX || context.tailEditsMax === 0) {
    const { folded } = state;
    next = await foldTail(context, { head: advanceHead(head, edit, patch), files, folded }, version);
  } else {
    const isDue = needsFold(head, state.headBytes, editBytes, context.tailEditsMax);
    const base = isDue ? await foldTail(context, state, version) : state;
    next = { head: advanceHead(base.head, edit, patch), folded: base.folded };
  }
  const value = encodeHead(next.head);
  return {
    shard: head.shard,
    expect: version,
    token: edit.token,
    value,
    next: { ...next, headBytes: value.length, files },
  };
}

/** A change of one shard that is to be prepared. */
export interface ShardChange {
  readonly state: ShardState;
  readonly edit: Edit;
  readonly patch?: HeadPatch;
}

/**
 * Prepares changes that go into one swap. Returns `undefined` if a state is so old that its change would be lost for
 * certain: refresh, and decide anew.
 *
 * @throws {ClorthoError} as {@link prepareChange}, without `CLORTHO_CONFLICT`.
 */
export async function prepareChanges(
  context: ManifestContext,
  changes: readonly ShardChange[],
): Promise<readonly PreparedChange[] | undefined> {
  try {
    return await Promise.all(
      changes.map(({ state, edit, patch = {} }) => prepareChange(context, state, edit, patch)),
    );
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_CONFLICT')) return undefined;
    throw error;
  }
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

/** Moves the tail of a head into a new segment; `version` is that of the register. */
async function foldTail(
  context: ManifestContext,
  { head, files, folded }: Folded & Pick<ShardState, 'files'>,
  version: number,
): Promise<Folded> {
  const { segment, kept } = await planFold(head, (reference) =>
    loadSegment(context.objects, head, reference),
  ).catch((error: unknown) => explainVanished(context, head.shard, version, error));
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
async function explainVanished(
  { registers }: ManifestContext,
  shard: number,
  version: number,
  error: unknown,
): Promise<never> {
  if (!(error instanceof VanishedSegment)) throw error;
  const [register] = await registers.read([headKey(shard)]);
  if (register === undefined || register.version <= version) throw error;
  throw new ClorthoError(
    'CLORTHO_CONFLICT',
    `the shard moved on and its old checkpoint is gone: shard=${shard} version=${version}`,
    { cause: error },
  );
}

function isMove(edit: Edit, id: string): boolean {
  return edit.removed.some((file) => file.id === id);
}
