/**
 * Edits: what one change of a shard adds and removes.
 *
 * Every change of a head is an edit with a token of its own, administrative ones too, so that a writer whose
 * reply was lost can find out what became of its change.
 *
 * Invariants:
 * - A token is unique to one attempt to change; it names the change on every shard that it spans.
 * - A file id is added once in the life of a shard.
 */
import type { FileEntry, FileReference } from './file-entry.ts';

/** One change of the file set of a shard. */
export interface Edit {
  readonly token: string;
  /** The commit timestamp of a write; 0 for a change that commits no rows. */
  readonly timestamp: number;
  readonly added: readonly FileEntry[];
  readonly removed: readonly FileReference[];
}

/** Returns the edit with its commit timestamp, given also to the added files that carry none of their own. */
export function stampEdit(edit: Edit, timestamp: number): Edit {
  return {
    ...edit,
    timestamp,
    added: edit.added.map((file) =>
      file.uniform && file.level === 0
        ? { ...file, run: timestamp, minTimestamp: timestamp, maxTimestamp: timestamp }
        : file,
    ),
  };
}
