/**
 * Resources that were handed over: others leave them alone until they have seen them unclaimed for a duration. A
 * courtesy, on which nothing depends.
 *
 * Invariants:
 * - Nothing is remembered of a resource that is not kept any more.
 */
import type { LeaseRecord } from './lease-record.ts';

/** See the module. */
export class KeptForHeirs {
  readonly #durationMs: number;
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly version: number; readonly sinceMs: number }>();

  /** Remembers nothing. `now` is a monotonic clock in milliseconds. */
  constructor(durationMs: number, now: () => number) {
    this.#durationMs = durationMs;
    this.#now = now;
  }

  /** How many resources are known to be kept. */
  get size(): number {
    return this.#seen.size;
  }

  /** Returns how long a resource is kept from the session `name`, which has just seen its register; 0 if it is not. */
  leftMs(resource: string, version: number, record: LeaseRecord | undefined, name: string): number {
    const nowMs = this.#now();
    const seen = this.#seen.get(resource);
    const sinceMs = seen?.version === version ? seen.sinceMs : nowMs;
    const isKept = record !== undefined && record.owner === undefined && record.next !== undefined;
    const leftMs = isKept && record.next !== name ? sinceMs + this.#durationMs - nowMs : 0;
    if (leftMs > 0) this.#seen.set(resource, { version, sinceMs });
    else this.#seen.delete(resource);
    return Math.max(0, leftMs);
  }
}
