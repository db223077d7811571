/** Whether the files of a family lie as their tiers promise, as far as the manifest tells. */
import { compareBytes } from '@clortho/base';
import { type FamilyFiles, type FileEntry, objectKey } from '@clortho/manifest';

/** The first and the last key that is shown of a file; `undefined` if nothing is. */
export type ShownKeys = ReadonlyMap<FileEntry, readonly [first: Uint8Array, last: Uint8Array]>;

/** What is wrong with a file among others. */
export interface MisplacedFile {
  readonly at: string;
  readonly message: string;
}

/** Yields files that lie wrong. */
export function* misplacedFiles(files: FamilyFiles, shown: ShownKeys): Generator<MisplacedFile> {
  yield* overlappingRuns(files.delta);
  yield* overlappingFiles(files.current, shown);
}

/** Rows of a newer run are newer than all rows of older ones: lookups end at the first version they find. */
function* overlappingRuns(delta: readonly FileEntry[]): Generator<MisplacedFile> {
  const runs = new Map<number, { min: number; max: number; id: string }>();
  for (const { run, id, minTimestamp, maxTimestamp } of delta) {
    const known = runs.get(run);
    runs.set(run, {
      id,
      min: Math.min(minTimestamp, known?.min ?? minTimestamp),
      max: Math.max(maxTimestamp, known?.max ?? maxTimestamp),
    });
  }
  const ages = [...runs].sort(([left], [right]) => left - right);
  for (const [index, [run, { min, id }]] of ages.entries()) {
    const older = ages[index - 1]?.[1];
    if (older !== undefined && min <= older.max)
      yield { at: objectKey(id), message: `runs overlap in time: run=${run} min=${min} older=${older.max}` };
  }
}

/** Files of Current follow each other: a key has one place. */
function* overlappingFiles(current: readonly FileEntry[], shown: ShownKeys): Generator<MisplacedFile> {
  let before: { readonly id: string; readonly last: Uint8Array } | undefined;
  for (const file of current) {
    const keys = shown.get(file);
    if (keys === undefined) continue;
    const [first, last] = keys;
    if (before !== undefined && compareBytes(before.last, first) >= 0)
      yield { at: objectKey(file.id), message: `files of current overlap: with=${objectKey(before.id)}` };
    before = { id: file.id, last };
  }
}
