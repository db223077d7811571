/**
 * What all sessions together hold, as compaction and garbage collection see it.
 *
 * Invariants:
 * - A session counts until it ended, or until this process saw it unchanged for a full lease by its own clock.
 */
import type { Clock } from '@clortho/base';
import { decodePins, encodePins, PINS_PREFIX, type Pin } from '@clortho/manifest';
import type { RegisterStore } from '@clortho/registers';
import { LEASE_MS } from './pin-session.ts';

/** What is held. */
export interface Held {
  /** Something holds everything: nothing may be dropped or deleted. */
  readonly everything: boolean;
  readonly pins: readonly Pin[];
}

/** Reads what sessions hold, and ends those that were seen dead. */
export class HeldReader {
  readonly #registers: RegisterStore;
  readonly #clock: Clock;
  /** The pins that were seen last. */
  known: readonly Pin[] = [];
  readonly #seen = new Map<string, { readonly version: number; readonly since: number }>();

  /** Creates a reader that has seen no session yet. */
  constructor(registers: RegisterStore, clock: Clock) {
    this.#registers = registers;
    this.#clock = clock;
  }

  /** Returns what is held at some moment during the call. */
  async read(): Promise<Held> {
    let everything = false;
    const pins: Pin[] = [];
    for await (const register of this.#registers.list(PINS_PREFIX)) {
      const held = decodePins(register.value, register.key);
      if (held.ended || (!held.hold && held.pins.length === 0)) {
        this.#seen.delete(register.key);
        continue;
      }
      if (this.#isDead(register.key, register.version)) {
        const value = encodePins({ ...held, ended: true, hold: false, pins: [] });
        const swap = await this.#registers.compareAndSwap([
          { key: register.key, expect: register.version, value },
        ]);
        if (swap.applied) continue;
      }
      everything ||= held.hold;
      pins.push(...held.pins);
    }
    this.known = pins;
    return { everything, pins };
  }

  /** Returns the pins of all sessions that have not ended. Changes nothing, so pins of dead ones may be among them. */
  async list(): Promise<readonly Pin[]> {
    const pins: Pin[] = [];
    for await (const { value, key } of this.#registers.list(PINS_PREFIX)) {
      const held = decodePins(value, key);
      if (!held.ended) pins.push(...held.pins);
    }
    this.known = pins;
    return pins;
  }

  #isDead(key: string, version: number): boolean {
    const seen = this.#seen.get(key);
    if (seen?.version === version) return this.#clock.monotonic() - seen.since > LEASE_MS;
    this.#seen.set(key, { version, since: this.#clock.monotonic() });
    return false;
  }
}

/** Returns the pinned timestamps of a shard. */
export function pinnedTimes(held: Held, shard: number): number[] {
  return held.pins.flatMap((pin) =>
    pin.times.flatMap(([number, timestamp]) => (number === shard ? [timestamp] : [])),
  );
}
