/**
 * Watching other sessions: tells when one is over, and ends one that gave no sign of life.
 *
 * Nobody compares the clocks of two machines. An observer remembers when it first saw a beat, by its own monotonic clock
 * and not before the reply was there; when the same beat is there a full duration later, its sender stopped believing in
 * it at least a guard ago.
 *
 *     owner      send ─────────────────── valid ───────────────────|
 *     register          beat 7 ─────────────────────────────────────────► fenced
 *     observer                 |────────────── durationMs ───────────────|
 *                              first seen                                seen again: swap
 *
 * A session that crashes and comes back faster than that is never silent, and yet its generations end: none of those
 * below the one that was there a full duration ago can be valid any more, and `settled` is raised to it.
 *
 * Invariants:
 * - A session is ended only by a swap that expects the very version that was last seen: one renewed since stays.
 */
import type { Register } from '@clortho/registers';
import { sessionKey } from '../record/keys.ts';
import type { Change, RegisterLine } from '../record/register-line.ts';
import type { LeaseEvent } from './lease-event.ts';
import {
  decodeSession,
  encodeSession,
  isAllOver,
  type SessionId,
  type SessionRecord,
} from './session-record.ts';

/** What an observer found out about a session. */
export interface Sight {
  /** `undefined` if there never was a session of this name. */
  readonly record: SessionRecord | undefined;
  /** How long it is until silence would end it; 0 if it is over. */
  readonly silenceMs: number;
}

interface Seen {
  readonly generation: number;
  readonly beat: number;
  readonly state: SessionRecord['state'];
  readonly sinceMs: number;
}

/** A record with generations that are not known to be over. */
interface Open {
  readonly settled: number;
  /** The generation that was there when `settled` was seen first: those below had been replaced by then. */
  readonly generation: number;
  readonly sinceMs: number;
  /** The longest duration that was seen since. */
  readonly durationMs: number;
}

/** See the module. */
export class SessionObserver {
  readonly #line: RegisterLine;
  readonly #name: string;
  readonly #now: () => number;
  readonly #emit: (event: LeaseEvent) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #open = new Map<string, Open>();

  /** Creates an observer for the session `name`; it has seen nothing. `now` is a monotonic clock in milliseconds. */
  constructor(line: RegisterLine, name: string, now: () => number, emit: (event: LeaseEvent) => void) {
    this.#line = line;
    this.#name = name;
    this.#now = now;
    this.#emit = emit;
  }

  /** Looks at a session, and ends it if its time has come. @throws {ClorthoError} what the registers say. */
  async look(name: string, signal?: AbortSignal): Promise<Sight> {
    const register = await this.#line.read(sessionKey(name), signal);
    return register === undefined ? { record: undefined, silenceMs: 0 } : this.judge(name, register, signal);
  }

  /** Does the same with a register that was just read. */
  async judge(name: string, register: Register, signal?: AbortSignal): Promise<Sight> {
    const record = decodeSession(register.value, register.key);
    const silenceMs = this.#silenceMs(name, record);
    if (silenceMs === 0 && !isAllOver(record)) return this.#fence(name, register, record, signal);
    // Its own session settles itself as it renews; anything else would be in the way of that.
    const settled = name === this.#name ? record.settled : this.#settledBy(name, record);
    if (settled === record.settled) return { record, silenceMs };
    // State and beat stay: this says nothing of the generation that is there.
    const next: SessionRecord = { ...record, settled };
    const { applied } = await this.#line.settle(changeOf(register, next), signal);
    return { record: applied ? next : record, silenceMs };
  }

  async #fence(
    name: string,
    register: Register,
    record: SessionRecord,
    signal: AbortSignal | undefined,
  ): Promise<Sight> {
    const next: SessionRecord = {
      ...record,
      settled: record.generation + 1,
      state: record.state === 'live' ? 'fenced' : record.state,
      offers: [],
    };
    const { applied } = await this.#line.settle(changeOf(register, next), signal);
    // Renewed, or ended by another observer: the next look will tell.
    if (!applied) return { record, silenceMs: 0 };
    this.#seen.delete(name);
    this.#open.delete(name);
    this.#emit({ type: 'fenced', session: { name, generation: record.generation } });
    return { record: next, silenceMs: 0 };
  }

  /** Returns the generation below which all are over by now. */
  #settledBy(name: string, { generation, settled, durationMs }: SessionRecord): number {
    if (settled >= generation) {
      this.#open.delete(name);
      return settled;
    }
    const open = this.#open.get(name);
    if (open?.settled !== settled) {
      this.#open.set(name, { settled, generation, sinceMs: this.#now(), durationMs });
      return settled;
    }
    const longestMs = Math.max(open.durationMs, durationMs);
    if (longestMs > open.durationMs) this.#open.set(name, { ...open, durationMs: longestMs });
    return this.#now() >= open.sinceMs + longestMs ? open.generation : settled;
  }

  #silenceMs(name: string, record: SessionRecord): number {
    if (isAllOver(record)) {
      this.#seen.delete(name);
      return 0;
    }
    const { generation, beat, state, durationMs } = record;
    const seen = this.#seen.get(name);
    if (seen?.generation === generation && seen.beat === beat && seen.state === state)
      return Math.max(0, seen.sinceMs + durationMs - this.#now());
    this.#seen.set(name, { generation, beat, state, sinceMs: this.#now() });
    return durationMs;
  }
}

function changeOf({ key, version }: Register, next: SessionRecord): Change {
  return { key, expect: version, value: encodeSession(next) };
}

/** Tells whether this generation of the session is over. */
export function isOver({ generation }: SessionId, record: SessionRecord): boolean {
  return generation < record.settled;
}
