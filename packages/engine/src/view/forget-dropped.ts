/** Lets go of cached files that a newer view does not list any more. */
import type { FamilyFiles, FileEntry } from '@clortho/manifest';
import { type StoreView, stateOfShard } from './store-view.ts';
import type { Tables } from './tables.ts';

/** Forgets the files that are in `before` and not in `after`. Costs nothing for tiers that did not change. */
export function forgetDropped(tables: Tables, before: StoreView, after: StoreView): void {
  for (const state of before.shards) {
    const next = stateOfShard(after, state.head.shard);
    if (next === undefined || next === state) continue;
    for (const [family, files] of state.files) {
      const kept = next.files.get(family);
      if (kept !== undefined && kept !== files) forgetInFamily(tables, files, kept);
    }
  }
}

function forgetInFamily(tables: Tables, before: FamilyFiles, after: FamilyFiles): void {
  if (before.current === after.current && before.history === after.history && isPrepended(before, after))
    return;
  // A file is in one tier at a time: what a tier lost is in another one that changed, or nowhere.
  const changed = TIERS.filter((tier) => before[tier] !== after[tier]);
  const kept = new Set<string>();
  for (const tier of changed) for (const file of after[tier]) kept.add(file.id);
  for (const tier of changed) tables.forget(dropped(before[tier], kept));
}

/** Tells whether the newer delta tier is the older one behind newer runs, as after a commit. */
function isPrepended(before: FamilyFiles, after: FamilyFiles): boolean {
  const added = after.delta.length - before.delta.length;
  return added >= 0 && before.delta.every((file, index) => after.delta[added + index] === file);
}

const TIERS = ['delta', 'current', 'history'] as const;

function dropped(files: readonly FileEntry[], kept: ReadonlySet<string>): FileEntry[] {
  return files.filter((file) => !kept.has(file.id));
}
