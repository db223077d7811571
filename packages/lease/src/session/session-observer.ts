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
 * Invariants:
 * - A session is ended only by a swap that expects the very version that was last seen: one renewed since stays.
 */
import type { Register } from '@clortho/registers';
import { sessionKey } from '../record/keys.ts';
import type { RegisterLine } from '../record/register-line.ts';
import { decodeSession, encodeSession, type SessionId, type SessionRecord } from './session-record.ts';

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

/** See the module. */
export class SessionObserver {
  readonly #line: RegisterLine;
  readonly #now: () => number;
  readonly #onFence: (session: SessionId) => void;
  readonly #seen = new Map<string, Seen>();

  /** Creates an observer that has seen nothing; `now` is a monotonic clock in milliseconds. */
  constructor(line: RegisterLine, now: () => number, onFence: (session: SessionId) => void) {
    this.#line = line;
    this.#now = now;
    this.#onFence = onFence;
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
    if (silenceMs > 0 || isSettled(record)) return { record, silenceMs };
    const next: SessionRecord = {
      ...record,
      settled: record.generation + 1,
      state: record.state === 'live' ? 'fenced' : record.state,
      offers: [],
    };
    const change = { key: register.key, expect: register.version, value: encodeSession(next) };
    const { applied } = await this.#line.settle(change, signal);
    // Renewed, or ended by another observer: the next look will tell.
    if (!applied) return { record, silenceMs: 0 };
    this.#seen.delete(name);
    this.#onFence({ name, generation: record.generation });
    return { record: next, silenceMs: 0 };
  }

  #silenceMs(name: string, record: SessionRecord): number {
    if (isSettled(record)) {
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

/** Tells whether this generation of the session is over. */
export function isOver({ generation }: SessionId, record: SessionRecord): boolean {
  return generation < record.settled;
}

/** Tells whether nothing of the session can be valid any more. */
function isSettled({ generation, settled }: SessionRecord): boolean {
  return settled > generation;
}
