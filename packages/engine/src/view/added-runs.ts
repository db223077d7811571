/** How the files of a family change most often: a commit puts a run in front of the others. */
import type { FamilyFiles } from '@clortho/manifest';

/** Tells whether files became others by runs that were added to delta alone; History is not looked at. */
export function onlyAddsRuns(before: FamilyFiles, after: FamilyFiles): boolean {
  if (before.current !== after.current) return false;
  const added = after.delta.length - before.delta.length;
  return added >= 0 && before.delta.every((file, index) => after.delta[added + index] === file);
}
