/**
 * The live files of a shard, by family and tier, as immutable values.
 *
 * Invariants:
 * - `delta` is ordered newest run first, then by lower bound; `current` and `history` by lower bound.
 * - Applying an edit shares every array that the edit does not touch: a commit costs the size of one delta tier,
 *   not of the shard.
 */
import { ClorthoError, compareBytes } from '@clortho/base';
import type { Edit } from './edit.ts';
import type { FileEntry, FileReference, Tier } from './file-entry.ts';

/** The files of one family. */
export interface FamilyFiles {
  readonly delta: readonly FileEntry[];
  readonly current: readonly FileEntry[];
  readonly history: readonly FileEntry[];
}

/** The files of a shard by family number. */
export type ShardFiles = ReadonlyMap<number, FamilyFiles>;

/** A family without files. */
export const NO_FILES: FamilyFiles = { delta: [], current: [], history: [] };

/** What an edit, or several in a row, changes. */
export type FileChange = Pick<Edit, 'added' | 'removed'>;

/**
 * Returns the file set after a change.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the change removes a file that is not there or adds one that is.
 */
export function applyChange(files: ShardFiles, change: FileChange): ShardFiles {
  const next = new Map(files);
  for (const [family, tiers] of groupByPlace(change)) {
    const tree: Record<Tier, readonly FileEntry[]> = { ...(next.get(family) ?? NO_FILES) };
    for (const [tier, { added, removed }] of tiers) {
      const kept = removed.size === 0 ? tree[tier] : tree[tier].filter((file) => !removed.has(file.id));
      if (tree[tier].length - kept.length !== removed.size) throw missingFile(removed, tree[tier]);
      tree[tier] = added.length === 0 ? kept : [...kept, ...added].sort(ORDER[tier]);
    }
    next.set(family, tree);
  }
  return next;
}

/** Yields every live file of the shard. */
export function* allFiles(files: ShardFiles): Generator<FileEntry> {
  for (const tree of files.values()) {
    yield* tree.delta;
    yield* tree.current;
    yield* tree.history;
  }
}

interface PlaceChange {
  readonly added: FileEntry[];
  readonly removed: Set<string>;
}

const byLower = (left: FileEntry, right: FileEntry): number => compareBytes(left.lower, right.lower);
const byRun = (left: FileEntry, right: FileEntry): number => right.run - left.run || byLower(left, right);
const ORDER: Readonly<Record<Tier, (left: FileEntry, right: FileEntry) => number>> = {
  delta: byRun,
  current: byLower,
  history: byLower,
};

function groupByPlace(change: FileChange): Map<number, Map<Tier, PlaceChange>> {
  const families = new Map<number, Map<Tier, PlaceChange>>();
  const placeOf = ({ family, tier }: FileReference): PlaceChange => {
    const tiers = families.get(family) ?? new Map<Tier, PlaceChange>();
    families.set(family, tiers);
    const place = tiers.get(tier) ?? { added: [], removed: new Set() };
    tiers.set(tier, place);
    return place;
  };
  for (const file of change.added) placeOf(file).added.push(file);
  for (const reference of change.removed) placeOf(reference).removed.add(reference.id);
  return families;
}

function missingFile(removed: ReadonlySet<string>, present: readonly FileEntry[]): ClorthoError {
  const ids = new Set(present.map((file) => file.id));
  const missing = [...removed].find((id) => !ids.has(id));
  return new ClorthoError('CLORTHO_CORRUPT', `an edit removes a file that is not live: file=${missing}`);
}
