/** What a session is started with. */
import type { Clock, Random, RetryPolicy } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import type { LeaseTiming } from '../time/timing.ts';
import type { LeaseListener } from './lease-event.ts';

/** Options of `LeaseSession.start`. */
export interface LeaseSessionOptions extends Partial<LeaseTiming> {
  /** Where sessions and leases are; shared by all processes. It stays open when the session is closed. */
  readonly registers: RegisterStore;
  /** Names this process among all that share the registers; 1 to 256 bytes. A second one of this name replaces it. */
  readonly name: string;
  /** Whether to replace a session of this name that is not over; `true` by default. */
  readonly takeOver?: boolean | undefined;
  /** What others can read of this session, such as an address; small, it is written with every renewal. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** Told of everything that happens. */
  readonly onEvent?: LeaseListener | undefined;
  /** Ends the start, and later the session, as `LeaseSession.close` does. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** Options of `LeaseSession.acquire`. */
export interface AcquireOptions {
  /** How long to wait for the resource, in milliseconds; for ever by default, not at all with 0. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Returns how a start is tried again: for one duration, like any other part of a session that cannot reach the registers. */
export function startPolicy({ durationMs, renewMs }: LeaseTiming): RetryPolicy {
  return { attemptsMax: 16, delayMs: renewMs / 8, delayMsMax: renewMs, elapsedMsMax: durationMs };
}

/** Returns 64 random bits as hexadecimal digits. */
export function mintNonce(random: Random): string {
  const half = (): string => random.uint32().toString(16).padStart(8, '0');
  return half() + half();
}
