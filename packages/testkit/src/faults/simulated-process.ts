/**
 * Processes that can crash: everything that one awaits goes through here, and stops coming back.
 *
 *     crash()            ├── replies of its backends    never arrive, not even errors
 *        │               ├── sleeps on its clock        never end
 *        ▼               └── what is on the wire        may still take effect, or not
 *     calls made later ──► never sent
 *
 *     pause(ms)          the same, but all of it comes back when the time is over: a stopped process
 *
 * Invariants:
 * - After the crash nothing that the process waits for resolves or rejects: its code does not run again, not even
 *   its `finally` blocks.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '@clortho/base';
import type { FaultTrace } from './fault-trace.ts';

/** What a process is made of. */
export interface SimulatedProcessOptions {
  /** Names it in traces and scripts. */
  readonly name: string;
  /** The time of the world, which goes on after the crash. */
  readonly clock: Clock;
  readonly trace?: FaultTrace | undefined;
}

/** A process of a simulation: pass it in the plans of its backends, and its clock to its code. */
export interface SimulatedProcess {
  readonly name: string;
  /** Whether it has crashed. */
  readonly crashed: boolean;
  /** Resolves when the process crashes, for those who look after it. */
  readonly whenCrashed: Promise<void>;
  /** The clock for the code of the process: its sleeps do not outlive it. */
  readonly clock: Clock;
  /** Ends the process here and now. Idempotent. */
  crash(): void;
  /** Lets nothing come back for so many milliseconds of the world, from this moment on. */
  pause(ms: number): void;
  /** Resolves or rejects as `work` does, unless the process has crashed by then. For all else it may wait for. */
  fence<T>(work: Promise<T>): Promise<T>;
}

/** Starts a process. */
export function simulatedProcess({ name, clock, trace }: SimulatedProcessOptions): SimulatedProcess {
  let crashed = false;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  const end = new AbortController();
  let tellCrash = (): void => undefined;
  const whenCrashed = new Promise<void>((resolve) => {
    tellCrash = resolve;
  });
  // Every sleep of the process listens; most signals of its code live as long as it does, too.
  setMaxListeners(0, end.signal);
  const joined = new WeakMap<AbortSignal, AbortSignal>();
  const withEnd = (signal: AbortSignal | undefined): AbortSignal => {
    if (signal === undefined) return end.signal;
    let both = joined.get(signal);
    if (both === undefined) {
      both = AbortSignal.any([signal, end.signal]);
      setMaxListeners(0, both);
      joined.set(signal, both);
    }
    return both;
  };

  const fence = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      while (!crashed && clock.monotonic() < pausedUntilMs)
        await clock.sleep(pausedUntilMs - clock.monotonic());
      if (crashed) await new Promise(() => undefined);
    }
  };

  return {
    name,
    get crashed() {
      return crashed;
    },
    whenCrashed,
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => fence(clock.sleep(ms, withEnd(signal))),
    },
    crash() {
      if (crashed) return;
      crashed = true;
      trace?.note(name, 'crashes');
      // Nobody waits for them any more; left on the clock they would keep a simulation from being idle.
      end.abort(name);
      tellCrash();
    },
    pause(ms) {
      pausedUntilMs = Math.max(pausedUntilMs, clock.monotonic() + ms);
      trace?.note(name, `pauses for ${Math.round(ms)}`);
    },
    fence,
  };
}
