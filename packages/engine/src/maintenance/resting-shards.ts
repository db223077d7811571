/** Since when nothing was committed to shards, as far as this process has seen. */
import type { Clock } from '@clortho/base';
import type { ShardState } from '@clortho/manifest';

/** See the module. */
export class RestingShards {
  readonly #clock: Clock;
  readonly #last = new Map<number, { readonly upper: number; readonly sinceMs: number }>();

  /** Begins without having seen any. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns for how many microseconds the last commit of a shard has been its last. */
  microsOf({ head }: ShardState): number {
    const now = this.#clock.monotonic();
    const last = this.#last.get(head.shard);
    if (last?.upper === head.upper) return (now - last.sinceMs) * 1000;
    this.#last.set(head.shard, { upper: head.upper, sinceMs: now });
    return 0;
  }
}
