/**
 * A session's own register: begun, renewed and ended by its process only.
 *
 *     begin ──► live ── renew ──► live ── … ──► end
 *                 │                  └ fenced by an observer, replaced by another process of this name
 *                 └ validity ran out ──► begin again, one generation later
 *
 * Invariants:
 * - The time of a renewal is that from before it was sent.
 * - Renewing is idempotent: a register that moved is looked at. A beat that is there after all counts from when it was
 *   first sent; else the renewal goes on top of what is there, as long as that is this process's own. Nothing is
 *   concluded from a refusal alone.
 * - One call at a time.
 */
import { ClorthoError } from '@clortho/base';
import type { Register } from '@clortho/registers';
import { sessionKey } from '../record/keys.ts';
import { isPassing, type RegisterLine } from '../record/register-line.ts';
import { decodeSession, encodeSession, isAllOver, type Offer, type SessionRecord } from './session-record.ts';
import type { Moment } from './validity.ts';

/** What a session register needs. */
export interface SessionRegisterOptions {
  readonly line: RegisterLine;
  readonly name: string;
  readonly nonce: string;
  readonly durationMs: number;
  /** Whether the name may be taken from a session that is not over. */
  readonly takeOver: boolean;
  /** The time that validity is counted in. */
  readonly ownerNow: () => Moment;
  /** The time in which this process waits for others to fall silent. */
  readonly observerNow: () => number;
}

/** What became of beginning or renewing. */
export type Beat =
  | { readonly kind: 'beat'; readonly sent: Moment; readonly offers: readonly Offer[] }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'replaced' };

/** How often one beat is put on top of a register that moved, or sent without an answer. */
const TRIES_MAX = 4;

/** See the module. */
export class SessionRegister {
  readonly #options: SessionRegisterOptions;
  readonly #key: string;
  #version = 0;
  #record: SessionRecord | undefined;
  #settleAtMs = 0;
  /** The first sending of a beat that was not acknowledged yet. */
  #inDoubt: { readonly beat: number; readonly sent: Moment } | undefined;
  /** Found in the register, and not returned yet: the renewal that takes them away there may be one in doubt. */
  #offers: readonly Offer[] = [];

  /** Creates a session that is not in the registers yet. */
  constructor(options: SessionRegisterOptions) {
    this.#options = options;
    this.#key = sessionKey(options.name);
  }

  /** The generation that this process began last; 0 before the first. */
  get generation(): number {
    return this.#record?.generation ?? 0;
  }

  /**
   * Begins a generation: the first of this process takes the name over from whoever had it, later ones are for a process
   * whose earlier generation is over by its own account.
   *
   * @throws {ClorthoError} what the registers say; `CLORTHO_UNAVAILABLE` if too many do the same; `CLORTHO_CONFLICT` if the
   *   name is taken and is not to be taken over.
   */
  async begin(attributes: SessionRecord['attributes'], signal: AbortSignal | undefined): Promise<Beat> {
    const { line, nonce, durationMs, takeOver, ownerNow, observerNow } = this.#options;
    const isFirst = this.#record === undefined;
    for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
      const register = await line.read(this.#key, signal);
      const previous = this.#decode(register);
      const isOwn = previous?.nonce === nonce;
      if (!isOwn && !isFirst) return { kind: 'replaced' };
      if (!isOwn && !takeOver && previous !== undefined && !isAllOver(previous))
        throw new ClorthoError('CLORTHO_CONFLICT', `another session has this name: register=${this.#key}`);
      const sent = ownerNow();
      const next: SessionRecord = {
        ...nextGeneration(previous, isOwn, durationMs),
        state: 'live',
        beat: 0,
        nonce,
        attributes,
        offers: [],
      };
      const expect = register?.version ?? 0;
      const change = { key: this.#key, expect, value: encodeSession(next) };
      const { applied } = await line.settle(change, signal);
      if (!applied) continue;
      this.#record = next;
      this.#inDoubt = undefined;
      this.#offers = [];
      this.#version = expect + 1;
      this.#settleAtMs = observerNow() + next.durationMs;
      return { kind: 'beat', sent, offers: [] };
    }
    throw new ClorthoError(
      'CLORTHO_UNAVAILABLE',
      `others begin a session of this name: register=${this.#key}`,
    );
  }

  /**
   * Renews the generation.
   *
   * @throws {ClorthoError} what the registers say last; the generation may have been renewed then, or not.
   */
  async renew(attributes: SessionRecord['attributes'], signal: AbortSignal): Promise<Beat> {
    const { line, ownerNow } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const next = this.#renewed(attributes);
      const sent = ownerNow();
      try {
        const outcome = await line.send(
          { key: this.#key, expect: this.#version, value: encodeSession(next) },
          signal,
        );
        if (outcome.applied) {
          this.#record = next;
          this.#version += 1;
          return this.#renewedAt(sent);
        }
        const lost = this.#adopt(outcome.register);
        if (lost !== undefined) return { kind: lost };
        const arrived = this.#arrived();
        if (arrived !== undefined) return this.#renewedAt(arrived);
      } catch (error) {
        // Sent again it is the same beat, and it counts from when it was sent first.
        if (this.#inDoubt?.beat !== next.beat) this.#inDoubt = { beat: next.beat, sent };
        if (!isPassing(error) || attempt >= TRIES_MAX) throw error;
        await line.pause(attempt, signal);
      }
    }
  }

  /** Ends the generation, so that others need not wait. Gives up where the registers cannot be reached. */
  async end(): Promise<'ended' | 'unreachable' | 'lost'> {
    const { line } = this.#options;
    if (this.#record === undefined) return 'lost';
    for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
      const { generation, settled } = this.#record;
      // With an earlier generation open, others have to wait for that one first.
      const over = settled === generation ? generation + 1 : settled;
      const next: SessionRecord = { ...this.#record, settled: over, state: 'ended', offers: [] };
      const change = { key: this.#key, expect: this.#version, value: encodeSession(next) };
      try {
        const outcome = await line.settle(change);
        if (outcome.applied) return 'ended';
        if (this.#adopt(outcome.register) !== undefined) return 'lost';
      } catch (error) {
        if (isPassing(error)) return 'unreachable';
        throw error;
      }
    }
    return 'unreachable';
  }

  #renewed(attributes: SessionRecord['attributes']): SessionRecord {
    const { durationMs, observerNow } = this.#options;
    const record = this.#record as SessionRecord;
    const { generation, settled } = record;
    const isSettled = settled === generation || observerNow() >= this.#settleAtMs;
    return {
      ...record,
      beat: record.beat + 1,
      settled: isSettled ? generation : settled,
      durationMs: isSettled ? durationMs : record.durationMs,
      attributes,
      offers: [],
    };
  }

  /** Ends a renewal: nothing of it is in doubt any more. */
  #renewedAt(sent: Moment): Beat {
    const offers = this.#offers;
    this.#inDoubt = undefined;
    this.#offers = [];
    return { kind: 'beat', sent, offers };
  }

  /** Returns when the beat that the register shows was sent, if it was in doubt. */
  #arrived(): Moment | undefined {
    const doubt = this.#inDoubt;
    return doubt?.beat === this.#record?.beat ? doubt?.sent : undefined;
  }

  /** Takes over what others wrote, or an earlier renewal that arrived; or tells how the generation was lost. */
  #adopt(register: Register | undefined): 'fenced' | 'replaced' | undefined {
    const found = this.#decode(register);
    const { nonce } = this.#options;
    if (register === undefined || found === undefined || found.nonce !== nonce) return 'replaced';
    if (found.state !== 'live') return 'fenced';
    this.#version = register.version;
    this.#record = found;
    // Those found before and not there any more were taken away by a renewal that arrived.
    const isFound = ({ resource }: Offer): boolean =>
      found.offers.some((offer) => offer.resource === resource);
    this.#offers = [...this.#offers.filter((offer) => !isFound(offer)), ...found.offers];
    return undefined;
  }

  #decode(register: Register | undefined): SessionRecord | undefined {
    return register === undefined ? undefined : decodeSession(register.value, this.#key);
  }
}

/** Follows a record by the next generation; what is not known to be over stays open. */
function nextGeneration(
  previous: SessionRecord | undefined,
  isOwn: boolean,
  durationMs: number,
): Pick<SessionRecord, 'generation' | 'settled' | 'durationMs'> {
  if (previous === undefined) return { generation: 1, settled: 1, durationMs };
  const generation = previous.generation + 1;
  // A process knows of its own generation that it is over, but not of those before it.
  const settled = isOwn && previous.settled >= previous.generation ? generation : previous.settled;
  const isSettled = settled === generation;
  return {
    generation,
    settled,
    durationMs: isSettled ? durationMs : Math.max(durationMs, previous.durationMs),
  };
}
