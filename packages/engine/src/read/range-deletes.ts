/**
 * The range deletes of a delta tier as one index, built once per state of the tier.
 *
 * Base has none: compaction turns a range delete that reaches it into the end of what it covered.
 */
import { clipRangeDeletes, RangeDeleteIndex } from '@clortho/compaction';
import type { FileEntry } from '@clortho/manifest';
import { BLOCKED } from '@clortho/sst';
import type { Tables } from '../view/tables.ts';

/** By the delta array of a view, which is never changed in place. `null`: there are none. */
const indexes = new WeakMap<readonly FileEntry[], RangeDeleteIndex | null>();

/** Returns the index, `undefined` if there are no range deletes, or BLOCKED if a file must be opened first. */
export function rangeDeletesOf(
  tables: Tables,
  delta: readonly FileEntry[],
): RangeDeleteIndex | undefined | typeof BLOCKED {
  const known = indexes.get(delta);
  if (known !== undefined) return known ?? undefined;
  const files = delta.filter((file) => file.rangeDeletes > 0);
  const ranges = [];
  for (const file of files) {
    const sst = tables.get(file);
    if (sst === undefined) return BLOCKED;
    ranges.push(...clipRangeDeletes(sst.rangeDeletes, file));
  }
  const index = RangeDeleteIndex.of(ranges);
  indexes.set(delta, index ?? null);
  return index;
}

/** Opens what {@link rangeDeletesOf} was blocked on and returns the index. */
export async function loadRangeDeletes(
  tables: Tables,
  delta: readonly FileEntry[],
): Promise<RangeDeleteIndex | undefined> {
  const files = delta.filter((file) => file.rangeDeletes > 0);
  const ranges = await Promise.all(
    files.map(async (file) => clipRangeDeletes((await tables.open(file)).rangeDeletes, file)),
  );
  const index = RangeDeleteIndex.of(ranges.flat());
  indexes.set(delta, index ?? null);
  return index;
}
