/**
 * What the protocol needs from outside: time, chance, and a way to send. A process has sockets behind it, a simulation an
 * event queue; the protocol is the same.
 */
import type { Random } from '@clortho/base';
import type { MemberItem } from '../item/item.ts';
import type { Message } from '../wire/message.ts';

/** Where a message came from, for an answer: an address for datagrams, something else for a stream. */
export type Origin = string | StreamOrigin;

/** The other end of a stream. */
export interface StreamOrigin {
  /** Sends answers over the stream, each made when there is room for it. */
  answer(messages: Iterable<Message>): void;
}

/** What becomes of a stream. */
export interface StreamProgress {
  /** The other end is there; not called if it never is, or if the network cannot tell. */
  connected(): void;
  /** Nothing more comes, for whatever reason; called once, unless the member itself ends first. */
  ended(): void;
}

/** Who sent a message: what an authenticated packet says of its sender. */
export interface Sender {
  readonly id: number;
  readonly gen: number;
}

/** What happens to members. */
export type CoreEvent =
  | { readonly type: 'join' | 'alive' | 'suspect' | 'dead' | 'left'; readonly member: MemberItem }
  | { readonly type: 'forget'; readonly member: MemberItem; readonly keys: readonly string[] }
  | { readonly type: 'update'; readonly member: MemberItem; readonly keys: readonly string[] }
  | { readonly type: 'conflict'; readonly member: MemberItem; readonly stops: boolean }
  | { readonly type: 'degraded'; readonly score: number };

/** The surroundings of a member. */
export interface CoreHost {
  readonly random: Random;
  /** Returns milliseconds that never go back. */
  now(): number;
  /** Sends a datagram. */
  send(address: string, message: Message): void;
  /**
   * Sends a message over a stream of its own; what comes back on it is handled as messages. Does not call `progress` before
   * it has returned.
   */
  sendOverStream(address: string, message: Message, progress?: StreamProgress): void;
  /** Tells of something that happened. Called in the midst of things: must not call back. */
  emit(event: CoreEvent): void;
  /** Tells that the next deadline is now earlier than it was. */
  rearm(): void;
}
