/**
 * Messages: what members say to each other. Each may carry items in what room is left.
 *
 *     PING ── ACK                     are you there?
 *     PING_REQUEST ── ACK | NACK      ask that one for me
 *     RUMOUR                          items only; never answered
 *     SYNC ── SAME | BUCKETS | PAGE   is what we know equal? ── PAGE ── DELTA, WANT ── DELTA
 *     JOIN ── DELTA …                 over a stream: let me know everything
 *     WANT ── DELTA …                 over a stream: also what no datagram holds
 *
 * Invariants:
 * - A message is never changed after it was sent: simulations deliver the object itself.
 */
import type { Item } from '../item/item.ts';

/** Are you there? */
export const PING = 1;
/** I am, or it is. */
export const ACK = 2;
/** Ask that one for me. */
export const PING_REQUEST = 3;
/** I asked, and had no answer. */
export const NACK = 4;
/** News. */
export const RUMOUR = 5;
/** This is the digest of what I know. */
export const SYNC = 6;
/** So is mine. */
export const SAME = 7;
/** Mine differs, and these are its parts. */
export const BUCKETS_ARE = 8;
/** This is the state of members in the parts that differ. */
export const PAGE = 9;
/** That is what I lack. */
export const WANT = 10;
/** This is what you lack. */
export const DELTA = 11;
/** I lack everything. */
export const JOIN = 12;

interface Carrier {
  readonly items: readonly Item[];
}

/** Asks the member `target` in its generation `gen` for an ACK with the same `seq`. */
export interface Ping extends Carrier {
  readonly kind: typeof PING;
  readonly seq: number;
  readonly target: number;
  readonly gen: number;
}

/** Answers a ping, one's own or one that was passed on. */
export interface Ack extends Carrier {
  readonly kind: typeof ACK;
  readonly seq: number;
}

/** Asks to ping a member on behalf of the sender. */
export interface PingRequest extends Carrier {
  readonly kind: typeof PING_REQUEST;
  readonly seq: number;
  readonly target: number;
  readonly gen: number;
  readonly address: string;
}

/** Says that the relay is there, but had no answer so far. */
export interface Nack extends Carrier {
  readonly kind: typeof NACK;
  readonly seq: number;
}

/** Carries items. */
export interface Rumour extends Carrier {
  readonly kind: typeof RUMOUR;
}

/** Begins an exchange: the root of the sender's digest, and its buckets of one lane unless it expects equality. */
export interface Sync extends Carrier {
  readonly kind: typeof SYNC;
  readonly seq: number;
  readonly lane: number;
  readonly rootLow: number;
  readonly rootHigh: number;
  /** 1,024 bytes, or none. */
  readonly buckets: Uint8Array;
}

/** The digests are equal. */
export interface Same extends Carrier {
  readonly kind: typeof SAME;
  readonly seq: number;
}

/** The roots differ: the buckets of the answerer. */
export interface BucketsAre extends Carrier {
  readonly kind: typeof BUCKETS_ARE;
  readonly seq: number;
  readonly lane: number;
  readonly buckets: Uint8Array;
}

/** States of members in buckets that differ. */
export interface Page extends Carrier {
  readonly kind: typeof PAGE;
  readonly seq: number;
  /** Numbers of buckets of which `states` has every member. */
  readonly whole: Uint8Array;
  /** See `page-entries.ts`. */
  readonly states: Uint8Array;
}

/** Asks for what the sender lacks. */
export interface Want extends Carrier {
  readonly kind: typeof WANT;
  readonly seq: number;
  /** See `page-entries.ts`. */
  readonly wants: Uint8Array;
}

/** Carries items out of an exchange, not news. */
export interface Delta extends Carrier {
  readonly kind: typeof DELTA;
  readonly seq: number;
  /** 0 in the last message of an answer over a stream. */
  readonly more: number;
  /** Wants for members of which there is something that no datagram holds. */
  readonly large: Uint8Array;
}

/** Asks for everything, over a stream. */
export interface Join extends Carrier {
  readonly kind: typeof JOIN;
  readonly seq: number;
}

/** A message. */
export type Message =
  | Ping
  | Ack
  | PingRequest
  | Nack
  | Rumour
  | Sync
  | Same
  | BucketsAre
  | Page
  | Want
  | Delta
  | Join;

/** No bytes. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);
