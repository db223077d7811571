/**
 * Judging a run as it happens: who was granted what at which moment of the world, and what the registers took.
 *
 * - A resource is granted only while no other process believes that it holds it. Two intervals overlap exactly when the
 *   later one begins inside the earlier one, so it is enough to look when one begins.
 * - A lease that is found valid has the highest token there is.
 * - The token of a resource never goes back, and grows with every grant.
 * - A fenced write that is accepted carries the highest token there is.
 * - A session that says it was fenced or replaced was; one that says it expired had no renewal acknowledged in time.
 */
import { decodeLease, decodeSession, type Lease, resourceKey, sessionKey } from '@clortho/lease';
import type { Register, RegisterChange, RegisterStore } from '@clortho/registers';

/** The registers that holders write to, guarded by their leases. */
export const GUARDED_PREFIX = 'guarded/';

/** One process, as far as it matters here. */
export interface Suspect {
  readonly name: string;
  /** Whether nothing of it runs any more. */
  readonly isGone: () => boolean;
  /** The leases that it was ever granted, by resource: the last one only. */
  readonly leases: Map<string, Lease>;
}

/** See the module. */
export interface Judge {
  readonly problems: readonly string[];
  /** How many leases were granted, and how many guarded writes accepted. */
  readonly counts: { granted: number; written: number };
  /** Adds what is wrong. */
  accuse(problem: string): void;
  /** A process got a lease, at this moment. */
  granted(suspect: Suspect, lease: Lease): void;
  /** A process has just found its lease valid: then no later one was granted. */
  believed(suspect: Suspect, lease: Lease): void;
  /** Returns the registers, with an eye on every swap that is applied. */
  watch(registers: RegisterStore): RegisterStore;
  /** Tells whether the register of a session has ended this generation. */
  isOver(name: string, generation: number): boolean;
}

/** Returns a judge of the processes in `suspects`, which grows. */
export function judge(suspects: readonly Suspect[]): Judge {
  const problems: string[] = [];
  const counts = { granted: 0, written: 0 };
  const tokens = new Map<string, number>();
  const sessions = new Map<string, Uint8Array>();
  const accuse = (problem: string): void => {
    problems.push(problem);
  };

  const onResource = (resource: string, value: Uint8Array): void => {
    const { owner, token } = decodeLease(value, resource);
    const before = tokens.get(resource) ?? 0;
    if (token < before) accuse(`the token of ${resource} went from ${before} back to ${token}`);
    if (owner !== undefined && token === before)
      accuse(`${resource} has another owner and the same token ${token}`);
    tokens.set(resource, token);
  };
  const onGuarded = (resource: string, value: Uint8Array): void => {
    const token = Number(Buffer.from(value).toString().split(' ')[0]);
    counts.written += 1;
    if (token !== tokens.get(resource))
      accuse(`a write with token ${token} was accepted at token ${tokens.get(resource)} of ${resource}`);
  };
  const onApplied = ({ key, value }: RegisterChange): void => {
    if (value === undefined) return;
    if (key.startsWith(RESOURCES)) onResource(key.slice(RESOURCES.length), value);
    else if (key.startsWith(SESSIONS)) sessions.set(key.slice(SESSIONS.length), value);
    else if (key.startsWith(GUARDED_PREFIX)) onGuarded(key.slice(GUARDED_PREFIX.length), value);
  };

  return {
    problems,
    counts,
    accuse,
    granted(suspect, lease) {
      counts.granted += 1;
      for (const other of suspects) {
        const held = other.leases.get(lease.resource);
        if (held === undefined || other.isGone() || held.remainingMs === 0) continue;
        accuse(
          `${suspect.name} got ${lease.resource} with token ${lease.token}, and ${other.name} believes in token ` +
            `${held.token} for ${held.remainingMs} ms more`,
        );
      }
      suspect.leases.set(lease.resource, lease);
    },
    believed(suspect, { resource, token }) {
      const highest = tokens.get(resource);
      if (token !== highest)
        accuse(`${suspect.name} believes in token ${token} of ${resource}, which is at ${highest}`);
    },
    watch: (registers) => ({
      ...registers,
      async compareAndSwap(changes) {
        // A swap in memory is applied before the call returns, so what is told here is told in order.
        const swap = registers.compareAndSwap(changes);
        const result = await swap;
        if (result.applied) for (const change of changes) onApplied(change);
        return result;
      },
    }),
    isOver(name, generation) {
      const value = sessions.get(name);
      if (value === undefined) return false;
      const record = decodeSession(value, name);
      return record.settled > generation || record.generation > generation;
    },
  };
}

const RESOURCES = resourceKey('');
const SESSIONS = sessionKey('');

/** A register that was never written, for those who count versions. */
export function versionOf(register: Register | undefined): number {
  return register?.version ?? 0;
}
