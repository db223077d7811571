/** Writes a timeline into a store, with the twin beside it. */
import { open, type Store } from '@clortho/engine';
import { memoryObjectStore } from '@clortho/object-store';
import type { Progress } from '../report/progress.ts';
import { keyOf } from '../workload/rows.ts';
import { settle } from '../workload/settle.ts';
import { type WatchedObjects, watchedObjects } from '../workload/watched-objects.ts';
import { TierWatch } from './tier-watch.ts';
import { spanOf, type Timeline } from './timeline.ts';
import { Twin } from './twin.ts';

/** A store after the load and `compact()`. */
export interface Loaded {
  readonly url: string;
  readonly store: Store;
  readonly watched: WatchedObjects;
  readonly tiers: TierWatch;
  /** What merges wrote that was not seen in any tier. */
  readonly unseenBytes: number;
  readonly twin: Twin;
  /** Of the store, after `compact()`. */
  readonly horizon: number;
  readonly lastCommit: number;
}

/** This much of the simulated time is retained. */
const RETAINED_FRACTION = 0.4;
const MICROS_PER_MS = 1000;
/** Memory is the disk here: what merges have replaced is deleted now and then. */
const COMMITS_PER_PASS = 100;

/** Writes everything, lets the background come to rest, and compacts. */
export async function load(timeline: Timeline, progress: Progress): Promise<Loaded> {
  const url = `memory:bench-history-${timeline.seed}`;
  const watched = watchedObjects(memoryObjectStore());
  const keepMs = Math.round((RETAINED_FRACTION * spanOf(timeline)) / MICROS_PER_MS);
  const store = await open(url, {
    time: 'external',
    objects: watched.objects,
    families: { default: { retention: { keepMs } } },
  });
  const tiers = new TierWatch(store);
  const twin = new Twin(timeline);
  const merged = new MergedCommits(timeline);
  let current = '';
  const look = async (): Promise<void> => {
    const family = await tiers.look();
    const ids = family.entries.flatMap(({ tier, id }) => (tier === 'current' ? [id] : [])).join();
    if (ids === current) return;
    current = ids;
    const delta = family.entries.filter(({ tier }) => tier === 'delta');
    const oldest = Math.min(...delta.map(({ minTimestamp, run, uniform }) => (uniform ? run : minTimestamp)));
    await twin.mergeUpTo(merged.below(oldest), family.horizon);
  };
  const stop = new AbortController();
  const watching = tiers.watch(stop.signal);
  for (let commit = 0; commit < timeline.commits; commit += 1) {
    progress.update(commit, timeline.commits);
    await store.write(operationsOf(timeline, commit), { timestamp: timeline.timestampOf(commit) });
    merged.last = commit;
    await look();
    if (commit % COMMITS_PER_PASS === 0) await store.gc();
  }
  await settle(store, look);
  await store.compact();
  await look();
  stop.abort();
  await watching;
  const family = await tiers.look();
  return {
    url,
    store,
    watched,
    tiers,
    unseenBytes: await tiers.unseenBytes(),
    twin,
    horizon: family.horizon,
    lastCommit: timeline.timestampOf(timeline.commits - 1),
  };
}

/** Knows which commits lie below a timestamp, of those that were made. */
class MergedCommits {
  readonly #timeline: Timeline;
  last = -1;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Returns how many commits have a timestamp below `timestamp`. */
  below(timestamp: number): number {
    let count = this.last + 1;
    while (count > 0 && this.#timeline.timestampOf(count - 1) >= timestamp) count -= 1;
    return count;
  }
}

function operationsOf(
  { keyNumbers, rowsPerCommit, valueOfWrite }: Timeline,
  commit: number,
): { type: 'put'; key: Uint8Array; value: Uint8Array }[] {
  const first = commit * rowsPerCommit;
  return Array.from({ length: rowsPerCommit }, (_, row) => ({
    type: 'put',
    key: keyOf(keyNumbers[first + row] as number),
    value: valueOfWrite(first + row),
  }));
}
