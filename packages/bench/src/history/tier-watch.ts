/** What compaction writes, by tier: files are noted when a view first shows them. */
import { systemClock } from '@clortho/base';
import type { Store, StoreStats } from '@clortho/engine';

/** What was written by merges. */
export interface TierBytes {
  readonly delta: number;
  readonly current: number;
  readonly history: number;
}

type FamilyStats = StoreStats['shards'][number]['families'][number];

const LOOK_MS = 2;

/** Looks at the only shard of a store and its first family. */
export class TierWatch {
  readonly #store: Store;
  readonly #seen = new Set<string>();
  readonly #written = { delta: 0, current: 0, history: 0 };
  #levelZeroBytes = 0;

  /** Begins with an empty store. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** What merges wrote. */
  get written(): TierBytes {
    return this.#written;
  }

  /** What commits wrote. */
  get levelZeroBytes(): number {
    return this.#levelZeroBytes;
  }

  /** Notes what is new, and returns the family as it is. */
  async look(): Promise<FamilyStats> {
    const { shards } = await this.#store.stats();
    const family = shards[0]?.families[0];
    if (family === undefined) throw new Error('the store has no family');
    for (const { id, tier, level, bytes } of family.entries) {
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      if (tier === 'delta' && level === 0) this.#levelZeroBytes += bytes;
      else this.#written[tier] += bytes;
    }
    return family;
  }

  /** Looks all the time, until it is told to stop. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await systemClock.sleep(LOOK_MS);
    }
  }

  /** Returns how many bytes merges wrote that were not seen: files that come and go between two looks. */
  async unseenBytes(): Promise<number> {
    const { compaction } = await this.#store.stats();
    const { delta, current, history } = this.#written;
    return Math.max(0, compaction.bytesWritten - delta - current - history);
  }
}
