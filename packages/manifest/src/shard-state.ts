/**
 * The state of a shard as one process knows it: its head and the files that the head stands for.
 *
 *     head   segments ─── base ── delta ── delta ──┐   tail ── edit ── edit
 *     files            files of each, by its id: `folded`      `files`
 *
 * Invariants:
 * - A state is immutable; a newer head gives a new state that shares what did not change.
 * - `folded` holds only what is known without asking: a head that moved far is loaded from the newest segment that
 *   it has in common with the known one, so that following a shard costs what changed, not what is there.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import type { ObjectStore } from '@clortho/object-store';
import { decodeHead, decodeSegment } from './codec.ts';
import type { Head } from './head.ts';
import { type Segment, type SegmentReference, segmentKey } from './segment.ts';
import { applyChange, type ShardFiles } from './shard-files.ts';

/** A shard at one version. */
export interface ShardState {
  readonly head: Head;
  /** The encoded size of the head. */
  readonly headBytes: number;
  readonly files: ShardFiles;
  /** By id of a segment of the head: the files after it, where known. */
  readonly folded: ReadonlyMap<string, ShardFiles>;
}

/** A segment that a head names is gone: the head is not the newest any more, or the store is damaged. */
export class VanishedSegment extends ClorthoError {
  /** The key of the object. */
  readonly object: string;

  /** Creates the error for the object of this key. */
  constructor(object: string, cause: unknown) {
    super('CLORTHO_CORRUPT', `checkpoint segment is missing: object=${object}`, { cause });
    this.object = object;
  }
}

/** Returns the register key of a shard's head. */
export function headKey(shard: number): string {
  return `shard/${String(shard).padStart(6, '0')}/head`;
}

/** Returns the state right after a shard was created. */
export function stateOfNewShard(head: Head): ShardState {
  return { head, headBytes: 0, files: new Map(), folded: new Map() };
}

/** What a head must be. */
export interface ExpectedHead {
  readonly store: string;
  readonly shard: number;
  /** The version of the register that holds it; absent for one that is kept elsewhere. */
  readonly version?: number | undefined;
}

/**
 * Returns the state that a head register's bytes stand for, reusing `known` where the head only moved on from it.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the head is damaged, of another store, shard or version, older than
 *   `known`, or names a segment that is missing or damaged; `CLORTHO_UNSUPPORTED` if its format is newer.
 */
export async function loadState(
  objects: ObjectStore,
  expected: ExpectedHead,
  bytes: Uint8Array,
  known: ShardState | undefined,
  signal?: AbortSignal,
): Promise<ShardState> {
  const name = headKey(expected.shard);
  const head = decodeHead(bytes, name);
  if (head.store !== expected.store || head.shard !== expected.shard) {
    throw new ClorthoError(
      'CLORTHO_CORRUPT',
      `head belongs elsewhere: at=${name} store=${head.store} shard=${head.shard} expected=${expected.store}`,
    );
  }
  if (expected.version !== undefined && head.version !== expected.version) {
    throw new ClorthoError(
      'CLORTHO_CORRUPT',
      `head is of another version than its register: at=${name} head=${head.version} register=${expected.version}`,
    );
  }
  if (known !== undefined && head.version < known.head.version) {
    throw new ClorthoError('CLORTHO_CORRUPT', `head went back: at=${name} version=${head.version}`);
  }
  const folded = foldedBefore(head, known);
  if (known !== undefined && known.head.version >= tailStart(head)) {
    const missed = head.tail.slice(head.tail.length - (head.version - known.head.version));
    return { head, headBytes: bytes.length, files: missed.reduce(applyChange, known.files), folded };
  }
  const start = await loadFolded(objects, head, folded, signal);
  return { head, headBytes: bytes.length, files: head.tail.reduce(applyChange, start), folded };
}

/**
 * Returns the content of a segment of this head.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the object is missing, damaged, or not the one referred to.
 */
export async function loadSegment(
  objects: ObjectStore,
  head: Head,
  reference: SegmentReference,
  signal?: AbortSignal,
): Promise<Segment> {
  const key = segmentKey(reference.id);
  const bytes = await objects.get(key, { signal }).catch((cause: unknown) => {
    throw isClorthoError(cause, 'CLORTHO_NOT_FOUND') ? new VanishedSegment(key, cause) : cause;
  });
  const { store, shard, segment } = decodeSegment(bytes, key);
  const matches =
    store === head.store &&
    shard === head.shard &&
    segment.from === reference.from &&
    segment.to === reference.to;
  if (!matches)
    throw new ClorthoError('CLORTHO_CORRUPT', `checkpoint segment belongs elsewhere: object=${key}`);
  return segment;
}

/** The version up to which the segments of a head reach. */
function tailStart(head: Head): number {
  return head.version - head.tail.length;
}

/** Returns what `known` tells of the files after the segments of `head`. */
function foldedBefore(head: Head, known: ShardState | undefined): Map<string, ShardFiles> {
  const folded = new Map<string, ShardFiles>();
  if (known === undefined) return folded;
  for (const { id, to } of head.segments) {
    const files = to === known.head.version ? known.files : known.folded.get(id);
    if (files !== undefined) folded.set(id, files);
  }
  return folded;
}

/** Returns the files after the last segment, loading those above the newest one in `folded`, and adds theirs to it. */
async function loadFolded(
  objects: ObjectStore,
  head: Head,
  folded: Map<string, ShardFiles>,
  signal: AbortSignal | undefined,
): Promise<ShardFiles> {
  const last = head.segments.findLastIndex(({ id }) => folded.has(id));
  let files: ShardFiles = folded.get(head.segments[last]?.id ?? '') ?? new Map();
  const missing = head.segments.slice(last + 1);
  const segments = await Promise.all(
    missing.map((reference) => loadSegment(objects, head, reference, signal)),
  );
  for (const [index, segment] of segments.entries()) {
    files = applyChange(files, segment);
    folded.set((missing[index] as SegmentReference).id, files);
  }
  return files;
}
