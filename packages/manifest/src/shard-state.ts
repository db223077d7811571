/**
 * The state of a shard as one process knows it: its head and the files that the head stands for.
 *
 * Invariants:
 * - A state is immutable; a newer head gives a new state that shares what did not change.
 */
import { ClorthoError } from '@clortho/base';
import type { ObjectStore } from '@clortho/object-store';
import { decodeHead, decodeSegment } from './codec.ts';
import type { Head } from './head.ts';
import { composeSegments, type Segment, type SegmentReference, segmentKey } from './segment.ts';
import { applyChange, type ShardFiles } from './shard-files.ts';

/** A shard at one version. */
export interface ShardState {
  readonly head: Head;
  /** The encoded size of the head. */
  readonly headBytes: number;
  readonly files: ShardFiles;
}

/** Returns the register key of a shard's head. */
export function headKey(shard: number): string {
  return `shard/${String(shard).padStart(6, '0')}/head`;
}

/** Returns the state right after a shard was created. */
export function stateOfNewShard(head: Head): ShardState {
  return { head, headBytes: 0, files: new Map() };
}

/**
 * Returns the state that a head register's bytes stand for, reusing `known` where the head only moved on from it.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the head is damaged, of another store or shard, older than `known`,
 *   or names a segment that is missing or damaged; `CLORTHO_UNSUPPORTED` if its format is newer.
 */
export async function loadState(
  objects: ObjectStore,
  expected: { readonly store: string; readonly shard: number },
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
  if (known !== undefined && head.version < known.head.version) {
    throw new ClorthoError('CLORTHO_CORRUPT', `head went back: at=${name} version=${head.version}`);
  }
  if (known !== undefined && known.head.version >= head.version - head.tail.length) {
    const missed = head.tail.slice(head.tail.length - (head.version - known.head.version));
    return { head, headBytes: bytes.length, files: missed.reduce(applyChange, known.files) };
  }
  const segments = await Promise.all(
    head.segments.map((reference) => loadSegment(objects, head, reference, signal)),
  );
  const base = segments.length === 0 ? undefined : segments.reduce(composeSegments);
  const start: ShardFiles = base === undefined ? new Map() : applyChange(new Map(), base);
  return { head, headBytes: bytes.length, files: head.tail.reduce(applyChange, start) };
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
    if (!(cause instanceof ClorthoError) || cause.code !== 'CLORTHO_NOT_FOUND') throw cause;
    throw new ClorthoError('CLORTHO_CORRUPT', `checkpoint segment is missing: object=${key}`, { cause });
  });
  const { store, shard, segment } = decodeSegment(bytes, key);
  const matches =
    store === head.store &&
    shard === head.shard &&
    segment.from === reference.from &&
    segment.to === reference.to;
  if (!matches) throw new ClorthoError('CLORTHO_CORRUPT', `checkpoint segment belongs elsewhere: object=${key}`);
  return segment;
}
