/** What must hold of the files of a shard, whatever it was through. */
import { NEVER, PUT } from '@clortho/sst';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';
import { rangesOverlap } from '../../src/strategy/runs.ts';
import { KEYS } from './schedule.ts';
import type { Shard } from './shard.ts';
import { isInside, type VisibleFiles } from './visible-files.ts';

/**
 * Throws unless
 *
 * - files of a run, and those of Current, share no key, nor do two parts of one object;
 * - rows lie in the shard;
 * - Current holds puts that have not ended, one per key, the newest in base;
 * - rows of a run are newer than those of the runs before, and the times of rows are within those of their file;
 * - the intervals of a key in base are disjoint.
 */
export function checkFiles({ files, keys, number }: Shard, visible: VisibleFiles): void {
  const fail = (file: CompactionFile, what: string): never => {
    throw new Error(`${what}: shard=${number} file=${file.id} tier=${file.tier} run=${file.run}`);
  };
  for (const [index, file] of files.entries()) {
    for (const other of files.slice(index + 1)) {
      const areNeighbours =
        file.tier === other.tier &&
        (file.tier === 'current' || (file.tier === 'delta' && file.run === other.run));
      if ((areNeighbours || file.id === other.id) && rangesOverlap(file, other))
        fail(file, `it shares keys with ${other.id}`);
    }
  }
  for (const name of KEYS) {
    const versions = visible.versions(files, name);
    const [first] = versions;
    if (first !== undefined && !isInside(keys, first.position)) fail(first.file, 'a row is not of its shard');
    /** Oldest first, where the last interval ended and which run was the last. */
    let ended = 0;
    let run = 0;
    let isInCurrent = false;
    for (const { file, position } of versions.reverse()) {
      const { timestamp, endTimestamp, kind } = position;
      if (timestamp < file.minTimestamp || timestamp > file.maxTimestamp)
        fail(file, 'a row is older or newer than its file');
      if (endTimestamp < file.minEndTimestamp || endTimestamp > file.maxEndTimestamp)
        fail(file, 'a row ends before or after its file');
      if (timestamp < ended) fail(file, 'a version begins before the one below it has ended');
      if (file.tier === 'delta') {
        if (file.run < run) fail(file, 'a version is newer than one of a newer run');
        run = file.run;
        ended = timestamp;
        continue;
      }
      if (run > 0) fail(file, 'a version in base is newer than one in delta');
      if (kind !== PUT) fail(file, 'base holds puts');
      if (isInCurrent) fail(file, 'base has a newer version than that in Current');
      if ((endTimestamp === NEVER) !== (file.tier === 'current')) fail(file, 'History is what has ended');
      if (endTimestamp <= timestamp) fail(file, 'an interval is empty');
      isInCurrent = file.tier === 'current';
      ended = isInCurrent ? timestamp + 1 : endTimestamp;
    }
  }
}
