/**
 * Events of a membership, told after what caused them is done.
 *
 * Invariants:
 * - A listener that throws is an uncaught exception of its own; the protocol goes on.
 * - Events come in the order in which things happened.
 */
import type { Member } from './member/member.ts';

/** What is told, by name. */
export interface GossipEvents {
  /** Somebody is there who was not, or started again. */
  readonly join: Member;
  /** A suspect objected. */
  readonly alive: Member;
  readonly suspect: Member;
  readonly dead: Member;
  readonly left: Member;
  /** Keys of a member changed. */
  readonly update: { readonly member: Member; readonly keys: readonly string[] };
  /** Another process has the name of this one; if `stops`, this one gives way and is closed. */
  readonly conflict: { readonly other: Member; readonly stops: boolean };
  /** This process seems too slow to judge others. */
  readonly degraded: { readonly score: number };
}

type Listener<Name extends keyof GossipEvents> = (event: GossipEvents[Name]) => void;

/** Listeners by the names of events. */
export class EventHub {
  readonly #listeners = new Map<keyof GossipEvents, Set<Listener<never>>>();

  /** Adds a listener. */
  on<Name extends keyof GossipEvents>(name: Name, listener: Listener<Name>): void {
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(name, listeners);
  }

  /** Removes a listener. */
  off<Name extends keyof GossipEvents>(name: Name, listener: Listener<Name>): void {
    this.#listeners.get(name)?.delete(listener);
  }

  /** Tells an event to everybody who listens when the current work is done. */
  tell<Name extends keyof GossipEvents>(name: Name, event: GossipEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? [])
      queueMicrotask(() => (listener as Listener<Name>)(event));
  }

  /** Forgets all listeners. */
  clear(): void {
    this.#listeners.clear();
  }
}
