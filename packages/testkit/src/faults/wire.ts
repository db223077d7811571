/**
 * The wire between a process and a backend: takes calls there and replies back, and lets faults meet them.
 *
 * A call has two sides. Its journey (effect included) runs on the time of the world and goes on whatever becomes
 * of the caller; the caller waits for the reply until it aborts, closes or crashes.
 *
 * Invariants:
 * - A call that no fault meets costs microtasks, no timer.
 * - An effect takes place at most once, or twice with `duplicate`; a call made after a crash or a close has none.
 * - A process that crashed may leave effects behind: those of calls on the wire, each by the toss of a coin.
 */
import { ClorthoError, isClorthoError, randomBelow, throwIfAborted } from '@clortho/base';
import { type CallSubject, type Fault, faultText } from './fault.ts';
import { checkPlan, type FaultPlan } from './fault-plan.ts';
import { faultSource, isHeads } from './fault-source.ts';
import { type WireCall, withAbort } from './wire-call.ts';

/** A wire to one backend; see {@link wire}. */
export interface Wire {
  /** Makes a call and returns its reply. @throws {ClorthoError} what a fault says, and what the backend throws. */
  carry<T>(call: WireCall<T>): Promise<T>;
  /** Throws, or never returns, where a caller in the middle of a listing must not go on. */
  pass(signal: AbortSignal | undefined): Promise<void>;
  /** Refuses calls from now on; those on the wire go on. */
  close(): Promise<void>;
}

/** Writes down what happened to one call. */
type Note = (what: () => string) => void;

/** Returns a wire to the backend of this name. */
export function wire(plan: FaultPlan, name: string): Wire {
  checkPlan(plan);
  const { clock, process, random, trace, hopsMax = 0 } = plan;
  const nextFault = faultSource(plan);
  const numbers: Record<string, number> = {};
  let throttledUntil = Number.NEGATIVE_INFINITY;
  let closed = false;

  const fence = <T>(work: Promise<T>): Promise<T> => process?.fence(work) ?? work;
  /** Lets time pass, and some microtasks; nothing to wait for costs nothing. */
  const wait = (ms = 0): Promise<void> | undefined => {
    const hops = hopsMax > 0 ? randomBelow(random, hopsMax + 1) : 0;
    if (ms > 0) return clock.sleep(ms).then(() => hop(hops));
    return hops > 0 ? hop(hops) : undefined;
  };
  const refuse = (signal: AbortSignal | undefined): void => {
    if (closed) throw new ClorthoError('CLORTHO_CLOSED', `the wire is closed: store=${name}`);
    throwIfAborted(signal);
  };
  const unavailable = (why: string): ClorthoError =>
    new ClorthoError('CLORTHO_UNAVAILABLE', `injected fault: ${why} store=${name}`);

  const noteOf = <T>({ call, subjectText }: WireCall<T>, number: number): Note => {
    if (trace === undefined) return ignore;
    const subject = `${call}#${number} ${subjectText()}`;
    return (what) => trace.note(process?.name ?? '-', `${subject} ${what()}`);
  };
  const faultOf = (call: CallSubject): Fault | undefined => {
    const fault = nextFault(call);
    return clock.monotonic() < throttledUntil ? { kind: 'throttle', forMs: 0 } : fault;
  };

  const perform = async <T>(call: WireCall<T>, effect: () => Promise<T>, note: Note): Promise<T> => {
    if (process?.crashed && isHeads(random)) {
      note(() => '= lost with its process');
      return never();
    }
    return performSurely(call, effect, note);
  };
  const performLater = async <T>(laterMs: number, call: WireCall<T>, note: Note): Promise<unknown> => {
    await wait(laterMs);
    return perform(call, call.effect, note);
  };

  const journey = async <T>(call: WireCall<T>, fault: Fault | undefined, note: Note): Promise<T> => {
    const { beforeMs, afterMs } = fault ?? {};
    const lost = (): ClorthoError => new ClorthoError(call.lost, `injected fault: lost reply store=${name}`);

    await wait(beforeMs);
    switch (fault?.kind) {
      case undefined:
      case 'delay':
        break;
      case 'errorBeforeEffect':
        await wait(afterMs);
        throw unavailable('refused');
      case 'errorAfterEffect':
        await perform(call, call.effect, note).then(call.onLostResult, ignoreRefusal);
        await wait(afterMs);
        throw lost();
      case 'applyLater':
        if (call.writes) performLater(fault.laterMs, call, note).catch(ignoreRefusal);
        throw lost();
      case 'duplicate': {
        const result = await perform(call, call.effect, note);
        if (call.writes) performLater(fault.laterMs, call, note).catch(ignoreRefusal);
        await wait(afterMs);
        return result;
      }
      case 'staleRead': {
        const { staleEffect } = call;
        if (staleEffect === undefined) break;
        const atMs = clock.monotonic() - fault.staleMs;
        const result = await perform(call, () => staleEffect(atMs), note);
        await wait(afterMs);
        return result;
      }
      case 'throttle':
        throttledUntil = Math.max(throttledUntil, clock.monotonic() + fault.forMs);
        await wait(afterMs);
        throw unavailable('throttled');
      case 'hang':
        if (fault.lands) await perform(call, call.effect, note).catch(ignoreRefusal);
        return never();
      case 'crash':
        process?.crash();
        if (!fault.lands) return never();
        await wait(fault.laterMs);
        await performSurely(call, call.effect, note).catch(ignoreRefusal);
        return never();
    }
    const result = await perform(call, call.effect, note);
    await wait(afterMs);
    return result;
  };

  return {
    async carry(call) {
      if (process?.crashed) return never();
      const { signal } = call;
      refuse(signal);
      const number = (numbers[call.call] ?? 0) + 1;
      numbers[call.call] = number;
      const note = noteOf(call, number);
      const fault = faultOf(call);
      if (fault !== undefined) note(() => `! ${faultText(fault)}`);
      try {
        return await fence(withAbort(journey(call, fault, note), call));
      } catch (error) {
        note(() => `> ${codeOf(error)}`);
        throw error;
      }
    },
    async pass(signal) {
      if (process?.crashed) await never();
      refuse(signal);
    },
    async close() {
      if (process?.crashed) await never();
      closed = true;
    },
  };
}

async function performSurely<T>(call: WireCall<T>, effect: () => Promise<T>, note: Note): Promise<T> {
  try {
    const result = await effect();
    note(() => `= ${call.resultText(result)}`);
    return result;
  } catch (error) {
    note(() => `= ${codeOf(error)}`);
    throw error;
  }
}

async function hop(hops: number): Promise<void> {
  for (let left = hops; left > 0; left -= 1) await Promise.resolve();
}

/** Swallows what a backend says to a caller that does not hear it; what no backend should say, a bug, is thrown. */
function ignoreRefusal(error: unknown): void {
  if (!isClorthoError(error) || error.code === 'CLORTHO_INVALID') throw error;
}

function codeOf(error: unknown): string {
  return isClorthoError(error) ? error.code : String(error);
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

function ignore(): void {}
