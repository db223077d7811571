/** What a session tells of itself: events as they happen, and counters. */
import type { Lease, LossReason } from '../lease/lease.ts';
import type { SessionId } from './session-record.ts';

/** Something that happened. */
export type LeaseEvent =
  /** A generation began: at the start, and again after it lapsed. */
  | { readonly type: 'begun'; readonly session: SessionId }
  | { readonly type: 'renewed'; readonly validForMs: number }
  /** A renewal came to nothing; it is tried again. */
  | { readonly type: 'renewal failed'; readonly validForMs: number; readonly error: unknown }
  | { readonly type: 'acquired'; readonly lease: Lease }
  /** A lease ended, at will (`released`, `handed over`, `closed`) or not. */
  | { readonly type: 'lost'; readonly lease: Lease; readonly reason: LossReason }
  /** Somebody asks this session to hand a lease over. */
  | { readonly type: 'offered'; readonly lease: Lease; readonly to: string }
  /** Validity ended with all leases; a new generation begins as soon as the registers can be reached. */
  | { readonly type: 'lapsed'; readonly session: SessionId; readonly reason: LossReason }
  /** A register that holds something else, or a later format, was passed over. */
  | { readonly type: 'unreadable'; readonly register: string; readonly error: unknown }
  /** A claim came too late: another session was faster. */
  | { readonly type: 'claim lost'; readonly resource: string }
  /** This session ended another one that gave no sign of life. */
  | { readonly type: 'fenced'; readonly session: SessionId }
  /** The session is over. `error` is what made it impossible to go on, if something did. */
  | { readonly type: 'ended'; readonly reason: LossReason; readonly error: unknown };

/**
 * Told of every event, in order and soon after it. An error that it throws is not caught: it ends the process like any
 * other that nobody handles.
 */
export type LeaseListener = (event: LeaseEvent) => void;

/** Counts since the start of a session. */
export interface LeaseMetrics {
  /** Leases that are held. */
  held: number;
  /** Generations begun; each after the first follows a lapse. */
  generations: number;
  renewals: number;
  renewalsFailed: number;
  acquired: number;
  /** Claims that lost a race. */
  claimsLost: number;
  released: number;
  handedOver: number;
  /** Leases lost against the will of this process. */
  lost: number;
  /** Sessions of others that were ended. */
  fenced: number;
}

/** Returns counters that start at zero. */
export function zeroMetrics(): LeaseMetrics {
  return {
    held: 0,
    generations: 0,
    renewals: 0,
    renewalsFailed: 0,
    acquired: 0,
    claimsLost: 0,
    released: 0,
    handedOver: 0,
    lost: 0,
    fenced: 0,
  };
}

/** Counts an event. */
export function countEvent(metrics: LeaseMetrics, event: LeaseEvent): void {
  switch (event.type) {
    case 'begun':
      metrics.generations += 1;
      return;
    case 'renewed':
      metrics.renewals += 1;
      return;
    case 'renewal failed':
      metrics.renewalsFailed += 1;
      return;
    case 'acquired':
      metrics.acquired += 1;
      metrics.held += 1;
      return;
    case 'lost':
      metrics.held -= 1;
      if (event.reason === 'released') metrics.released += 1;
      else if (event.reason === 'handed over') metrics.handedOver += 1;
      else if (event.reason !== 'closed') metrics.lost += 1;
      return;
    case 'fenced':
      metrics.fenced += 1;
      return;
    case 'claim lost':
      metrics.claimsLost += 1;
      return;
    case 'offered':
    case 'unreadable':
    case 'lapsed':
    case 'ended':
      return;
  }
}
