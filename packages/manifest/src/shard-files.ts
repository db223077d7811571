/**
 * The live files of a shard, by family and tier, as immutable values.
 *
 * Invariants:
 * - `delta` is ordered newest run first, then by lower bound; `current` and `history` by lower bound. Equal bounds
 *   (long keys are cut) are ordered by id, so every way to the same files leads to the same order.
 * - Files of one id in a tier are disjoint parts of it; a reference to the id means all of them.
 * - Applying an edit shares every array that the edit does not touch: a commit costs the size of one delta tier,
 *   not of the shard.
 */
import { ClorthoError, compareBytes } from '@clortho/base';
import { boundsOverlap } from './clip-file.ts';
import type { Edit } from './edit.ts';
import type { FileEntry, FileReference, Tier } from './file-entry.ts';

/** The files of one family. */
export interface FamilyFiles {
  readonly delta: readonly FileEntry[];
  readonly current: readonly FileEntry[];
  readonly history: readonly FileEntry[];
}

/** The files of a shard by family number. A family without files may be absent. */
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
    for (const [tier, place] of tiers) tree[tier] = changeTier(tree[tier], place, ORDER[tier]);
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
  readonly added: Map<string, FileEntry[]>;
  readonly removed: Set<string>;
}

type Order = (left: FileEntry, right: FileEntry) => number;

const byId: Order = (left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
const byLower: Order = (left, right) => compareBytes(left.lower, right.lower) || byId(left, right);
const byRun: Order = (left, right) => right.run - left.run || byLower(left, right);
const ORDER: Readonly<Record<Tier, Order>> = { delta: byRun, current: byLower, history: byLower };

/** Merges what is kept of a sorted tier with what is added: comparisons for the added files only. */
function changeTier(tier: readonly FileEntry[], { added, removed }: PlaceChange, order: Order): FileEntry[] {
  const kept: FileEntry[] = [];
  const missing = new Set(removed);
  for (const file of tier) {
    if (removed.has(file.id)) {
      missing.delete(file.id);
      continue;
    }
    if (added.has(file.id)) throw misfit('adds a file that is live', file.id);
    kept.push(file);
  }
  for (const id of missing) throw misfit('removes a file that is not live', id);
  if (added.size === 0) return kept;
  const merged: FileEntry[] = [];
  let start = 0;
  for (const file of [...added.values()].flat().sort(order)) {
    const end = positionAbove(kept, file, start, order);
    for (; start < end; start += 1) merged.push(kept[start] as FileEntry);
    merged.push(file);
  }
  for (; start < kept.length; start += 1) merged.push(kept[start] as FileEntry);
  return merged;
}

/** Returns the position of the first file at or after `start` that sorts above `file`. */
function positionAbove(files: readonly FileEntry[], file: FileEntry, start: number, order: Order): number {
  let low = start;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(files[middle] as FileEntry, file) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function groupByPlace(change: FileChange): Map<number, Map<Tier, PlaceChange>> {
  const families = new Map<number, Map<Tier, PlaceChange>>();
  const placeOf = ({ family, tier }: FileReference): PlaceChange => {
    const tiers = families.get(family) ?? new Map<Tier, PlaceChange>();
    families.set(family, tiers);
    const place: PlaceChange = tiers.get(tier) ?? { added: new Map(), removed: new Set() };
    tiers.set(tier, place);
    return place;
  };
  for (const file of change.added) {
    const { added } = placeOf(file);
    const parts = added.get(file.id);
    if (parts === undefined) added.set(file.id, [file]);
    else if (parts.some((part) => boundsOverlap(part, file))) throw misfit('adds a file twice', file.id);
    else parts.push(file);
  }
  for (const reference of change.removed) {
    const { removed } = placeOf(reference);
    if (removed.has(reference.id)) throw misfit('removes a file twice', reference.id);
    removed.add(reference.id);
  }
  return families;
}

function misfit(problem: string, id: string | undefined): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `an edit ${problem}: file=${id}`);
}
