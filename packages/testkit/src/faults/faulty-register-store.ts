/**
 * A register store with faults: every call goes over a wire on which it fails, is delayed, lost or repeated.
 *
 * Invariants:
 * - What is reported as applied or refused is true; all else is `CLORTHO_OUTCOME_UNKNOWN`, or `CLORTHO_UNAVAILABLE`
 *   for what certainly did not happen.
 * - A repeated swap is judged by the versions that it finds, like any other.
 * - Reads are current, unless the plan breaks registers on purpose.
 */
import { ClorthoError } from '@clortho/base';
import { carryListing, collect } from './carry-listing.ts';
import { type FaultPlan, plansStaleReads } from './fault-plan.ts';
import { type PastStates, pastOf, recordPast } from './past-states.ts';
import type {
  RegisterChangeUnderTest,
  RegistersUnderTest,
  RegisterUnderTest,
} from './registers-under-test.ts';
import { wire } from './wire.ts';
import { READ_CALL } from './wire-call.ts';

/**
 * Returns `inner` behind a faulty wire. Any number of wrappers may share one `inner`, like processes one table;
 * closing a wrapper leaves it open.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the plan makes no sense, or has stale reads without `breakRegisters`.
 */
export function faultyRegisterStore<Counters>(
  inner: RegistersUnderTest<Counters>,
  plan: FaultPlan,
): RegistersUnderTest<Counters> {
  const { name, supports, counters } = inner;
  const line = wire(plan, name);
  const isStale = plansStaleReads(plan);
  if (isStale && plan.breakRegisters !== true) {
    throw new ClorthoError('CLORTHO_INVALID', `registers have no stale reads: store=${name}`);
  }
  if (isStale) recordPast<RegisterUnderTest>(inner);

  return {
    name,
    supports,
    counters,
    read(keys, options) {
      const wanted = [...keys];
      return line.carry({
        ...READ_CALL,
        call: 'read',
        keys: wanted,
        effect: () => inner.read(wanted),
        staleEffect: (atMs) => readPast(inner, wanted, atMs),
        subjectText: () => wanted.join(),
        resultText: (registers) => registers.map((register) => register?.version ?? 0).join(),
        signal: options?.signal,
      });
    },
    compareAndSwap(changes, options) {
      const copies = changes.map(copyChange);
      return line.carry({
        call: 'swap',
        keys: copies.map(({ key }) => key),
        effect: async () => {
          const past = pastOf<RegisterUnderTest>(inner);
          if (past !== undefined) await beginPast(inner, past, copies);
          const result = await inner.compareAndSwap(copies);
          if (result.applied && past !== undefined) recordChanges(past, copies, plan.clock.monotonic());
          return result;
        },
        writes: true,
        lost: 'CLORTHO_OUTCOME_UNKNOWN',
        aborted: 'CLORTHO_OUTCOME_UNKNOWN',
        subjectText: () => copies.map(changeText).join(),
        resultText: ({ applied }) => (applied ? 'applied' : 'refused'),
        signal: options?.signal,
      });
    },
    list: (prefix, options) =>
      carryListing(line, {
        prefix,
        effect: () => collect(inner.list(prefix)),
        signal: options?.signal,
      }),
    close: line.close,
  };
}

type Past = PastStates<RegisterUnderTest>;

/** Reads all keys as of one time: old, but one moment. */
async function readPast(
  inner: RegistersUnderTest,
  keys: readonly string[],
  atMs: number,
): Promise<readonly (RegisterUnderTest | undefined)[]> {
  const current = await inner.read(keys);
  const past: Past | undefined = pastOf(inner);
  return keys.map((key, index) => (past?.has(key) ? copyRegister(past.at(key, atMs)) : current[index]));
}

async function beginPast(
  inner: RegistersUnderTest,
  past: Past,
  changes: readonly RegisterChangeUnderTest[],
): Promise<void> {
  const keys = changes.map(({ key }) => key).filter((key) => !past.has(key));
  if (keys.length === 0) return;
  const registers = await inner.read(keys);
  for (const [index, key] of keys.entries()) past.begin(key, registers[index]);
}

function recordChanges(past: Past, changes: readonly RegisterChangeUnderTest[], atMs: number): void {
  for (const { key, expect, value } of changes) {
    if (value !== undefined) past.change(key, atMs, { key, version: expect + 1, value });
  }
}

function copyRegister(register: RegisterUnderTest | undefined): RegisterUnderTest | undefined {
  return register && { ...register, value: new Uint8Array(register.value) };
}

function copyChange({ key, expect, value }: RegisterChangeUnderTest): RegisterChangeUnderTest {
  return { key, expect, value: value && new Uint8Array(value) };
}

/** `head@3` expects version 3 and writes, `map@1?` only checks. */
function changeText({ key, expect, value }: RegisterChangeUnderTest): string {
  return `${key}@${expect}${value === undefined ? '?' : ''}`;
}
