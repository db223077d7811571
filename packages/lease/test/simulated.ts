/** Sessions on a virtual clock: tests move it, and nothing takes real time. */
import { type Clock, seededRandom } from '@clortho/base';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import { type VirtualClock, virtualClock } from '@clortho/testkit';
import { type LeaseEvent, LeaseSession, type LeaseSessionOptions } from '../src/index.ts';

/** Short times that fit together. */
export const TIMES = { durationMs: 1000, renewMs: 250, guardMs: 100, attemptMs: 100, pollMs: 100 };

/** A clock, registers, and sessions on them. */
export interface Simulated {
  readonly clock: VirtualClock;
  readonly registers: RegisterStore;
  start(name: string, options?: Partial<LeaseSessionOptions>): Promise<LeaseSession & { events: string[] }>;
  /** Moves the clock until the work is done, at most a minute, and returns its result. */
  pass<T>(work: Promise<T>): Promise<T>;
}

/** Returns an empty world. */
export function simulated(registers: RegisterStore = memoryRegisterStore()): Simulated {
  const clock = virtualClock();
  let seed = 0;
  const pass = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const watched = work.finally(() => {
      isDone = true;
    });
    watched.catch(() => undefined);
    await clock.advance(0);
    for (let passed = 0; !isDone && passed < 60_000; passed += 10) await clock.advance(10);
    if (!isDone) throw new Error('it takes longer than a minute');
    return watched;
  };
  return {
    clock,
    registers,
    pass,
    async start(name, options = {}) {
      const events: string[] = [];
      seed += 1;
      const onEvent = (event: LeaseEvent): void => {
        const reason = 'reason' in event ? ` ${event.reason}` : '';
        if (event.type !== 'renewed') events.push(`${event.type}${reason}`);
        options.onEvent?.(event);
      };
      const given = {
        registers,
        name,
        clock: clock as Clock,
        random: seededRandom(seed),
        ...TIMES,
        ...options,
        onEvent,
      };
      return Object.assign(await pass(LeaseSession.start(given)), { events });
    },
  };
}
