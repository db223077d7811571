/**
 * Checkpoint segments: the net effect of a range of versions, as an immutable object.
 *
 * A checkpoint is a list of segments that together cover every version up to the tail. New ones are merged into
 * older ones while those are at most twice their size, so a shard of n edits has O(log n) segments and each edit
 * is rewritten O(log n) times: the cost of a commit does not grow with the number of files.
 *
 *     versions   1 ............................ 4096 | 4097 ...... 5120 | 5121 .. 5136 | tail
 *                base                                  delta              delta          in the head
 *
 * Invariants:
 * - Segments are adjacent: each begins where the one before ends, the first begins at version 0.
 * - `removed` names only files that were live before the segment; `added` only files still live after it.
 * - `tokens` are those of the last versions of the segment, at most {@link TOKEN_WINDOW}, the newest last.
 */
import { invariant } from '@clortho/base';
import type { Edit } from './edit.ts';
import type { FileEntry, FileReference } from './file-entry.ts';

/** How many tokens a checkpoint remembers for writers that lost a reply. */
export const TOKEN_WINDOW = 4096;

/** The net effect of the versions `(from, to]`. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly added: readonly FileEntry[];
  readonly removed: readonly FileReference[];
  readonly tokens: readonly string[];
}

/** A segment as a head names it; the object is `checkpoint/<id>.ckpt`. */
export interface SegmentReference {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  /** {@link segmentSize} of its content. */
  readonly size: number;
}

/** Returns the key under which a segment's bytes are stored. */
export function segmentKey(id: string): string {
  return `checkpoint/${id}.ckpt`;
}

/** Returns the segment of consecutive edits, the first of which made version `from + 1`. */
export function segmentOf(from: number, edits: readonly Edit[]): Segment {
  const { added, removed } = netChange(edits);
  const tokens = edits.slice(-TOKEN_WINDOW).map((edit) => edit.token);
  return { from, to: from + edits.length, added, removed, tokens };
}

/** Returns the net effect of two adjacent segments. */
export function composeSegments(older: Segment, newer: Segment): Segment {
  invariant(older.to === newer.from, 'composed segments are adjacent', newer.from);
  const { added, removed } = netChange([older, newer]);
  const tokens = [...older.tokens, ...newer.tokens].slice(-TOKEN_WINDOW);
  return { from: older.from, to: newer.to, added, removed, tokens };
}

/** Returns what changes in a row come to. A removed file goes with all its parts. */
function netChange(
  changes: readonly Pick<Segment, 'added' | 'removed'>[],
): Pick<Segment, 'added' | 'removed'> {
  const added = new Map<string, FileEntry[]>();
  const removed: FileReference[] = [];
  for (const change of changes) {
    for (const file of change.removed) if (!added.delete(file.id)) removed.push(file);
    for (const file of change.added) {
      const parts = added.get(file.id);
      if (parts === undefined) added.set(file.id, [file]);
      else parts.push(file);
    }
  }
  return { added: [...added.values()].flat(), removed };
}

/** Returns the weight that decides when segments are merged: entries, and tokens at their share of the bytes. */
export function segmentSize(segment: Segment): number {
  return segment.added.length + segment.removed.length + Math.ceil(segment.tokens.length / 8);
}

/** Returns the token of the change that made `version`, if the segment remembers it. */
export function tokenAt(segment: Segment, version: number): string | undefined {
  if (version <= segment.from || version > segment.to) return undefined;
  return segment.tokens[segment.tokens.length - 1 - (segment.to - version)];
}
