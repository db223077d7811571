/** Whether what a manifest tells of a file is what the file tells of itself. */
import { equalBytes } from '@clortho/base';
import { type FileEntry, manifestStatistics } from '@clortho/manifest';
import type { SstSummary } from '@clortho/sst';

const FACTS = ['bytes', 'tailBytes', 'blocks', 'rows', 'deletes', 'merges', 'rangeDeletes'] as const;
const TIMES = ['minTimestamp', 'maxTimestamp'] as const;
const ENDS = ['minEndTimestamp', 'maxEndTimestamp'] as const;

/** Yields what differs, as text. The times of a file that stores none are those of its entry. */
export function* differencesOf(entry: FileEntry, summary: SstSummary): Generator<string> {
  const facts = [...FACTS, ...(entry.uniform ? [] : TIMES), ...(entry.tier === 'history' ? ENDS : [])];
  for (const fact of facts) {
    if (entry[fact] !== summary[fact]) yield `${fact} differ: manifest=${entry[fact]} file=${summary[fact]}`;
  }
  const stored = manifestStatistics(summary.statistics);
  const names = new Set([...Object.keys(entry.statistics), ...Object.keys(stored)]);
  for (const name of names) {
    const [listed, found] = [entry.statistics[name], stored[name]];
    if (listed === undefined || found === undefined || !equalBytes(listed, found))
      yield `statistics differ: name=${name}`;
  }
}

/** Yields what an entry cannot be, whatever the file is. `upper` is the last commit of the shard. */
export function* impossibilitiesOf(entry: FileEntry, upper: number): Generator<string> {
  const { tier, minTimestamp, maxTimestamp, run } = entry;
  if (minTimestamp > maxTimestamp) yield `times are inverted: min=${minTimestamp} max=${maxTimestamp}`;
  if (maxTimestamp > upper) yield `rows are newer than the last commit: max=${maxTimestamp} commit=${upper}`;
  if (tier === 'delta' && maxTimestamp > run)
    yield `rows are newer than their run: max=${maxTimestamp} run=${run}`;
  if (tier === 'delta') return;
  if (entry.deletes > 0 || entry.merges > 0 || entry.rangeDeletes > 0)
    yield `${tier} holds values only: deletes=${entry.deletes} merges=${entry.merges} rangeDeletes=${entry.rangeDeletes}`;
  if (tier === 'history' && maxTimestamp >= entry.maxEndTimestamp)
    yield `rows end before they begin: max=${maxTimestamp} maxEnd=${entry.maxEndTimestamp}`;
}
