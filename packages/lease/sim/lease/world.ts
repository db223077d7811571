/** The world of a run: registers that do not fail, wires that do, and machines whose clocks disagree. */
import { ClorthoError, type Random, randomFraction, seededRandom } from '@clortho/base';
import { decodeSession, type Lease, type LeaseEvent, LeaseSession, sessionKey } from '@clortho/lease';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import {
  type FaultTrace,
  faultTrace,
  faultyRegisterStore,
  type LocalClock,
  localClock,
  type SimulatedProcess,
  simulatedProcess,
  type VirtualClock,
  virtualClock,
} from '@clortho/testkit';
import { type Judge, judge, type Suspect } from './judge.ts';

/** Short, so that much happens in little virtual time. */
export const TIMING = { durationMs: 1000, renewMs: 250, guardMs: 31, attemptMs: 120, pollMs: 200 };
/** The longest that a write is on its way. */
const LATER_MS_MAX = 2500;

/** What goes wrong on a wire, and how often. */
export type Rates = Record<
  | 'delay'
  | 'errorBeforeEffect'
  | 'errorAfterEffect'
  | 'applyLater'
  | 'duplicate'
  | 'throttle'
  | 'hang'
  | 'crash',
  number
>;

/** See the module. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Kept only for runs that are looked at: it takes as long as all else. */
  readonly trace: FaultTrace | undefined;
  readonly registers: RegisterStore;
  readonly judge: Judge;
  readonly processes: Process[];
  /** Changed in place: what runs already fails by them. */
  readonly rates: Rates;
  isHealed: boolean;
  /** Which name's processes crash again and again although all is well. */
  looping: string | undefined;
  /** Nobody starts anything any more. */
  isOver: boolean;
}

/** One process on one machine. */
export interface Process extends Suspect {
  readonly process: SimulatedProcess;
  readonly clock: LocalClock;
  readonly registers: RegisterStore;
  /** When, by its own clock, the last renewal was sent that it heard of. */
  acknowledgedMs: number;
  /** When, in the world, its machine last slept or had its clock put forward. */
  skippedMs: number;
  /** When, in the world, its clock was last put back. */
  putBackMs: number;
  /** Until when, in the world, it can reach nothing. What is under way already goes on. */
  cutUntilMs: number;
  /** For how long it stands still once it has sent its next renewal, and is cut off then; 0 for not at all. */
  stallMs: number;
  session: LeaseSession | undefined;
}

/** Makes a world in which wires fail by these rates. */
export function newWorld(seed: number, isTraced: boolean, rates: (random: Random) => Rates): World {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const processes: Process[] = [];
  const verdict = judge(processes);
  return {
    clock,
    random,
    trace: isTraced ? faultTrace(clock) : undefined,
    registers: verdict.watch(memoryRegisterStore()),
    judge: verdict,
    processes,
    rates: rates(random),
    isHealed: false,
    looping: undefined,
    isOver: false,
  };
}

/** Starts a process of this name on a machine of its own. */
export function startProcess(world: World, name: string): Process {
  const { clock, random, trace, rates } = world;
  const process = simulatedProcess({ name: `${name}.${world.processes.length}`, clock, trace });
  const machine = localClock(process.clock, {
    driftPpm: 1000 * randomFraction(random) - 500,
    offMicros: Math.round(1e9 * randomFraction(random)),
  });
  const faulty = faultyRegisterStore(world.registers, {
    clock,
    random,
    process,
    trace,
    rates,
    delayMsMax: 150,
    laterMsMax: LATER_MS_MAX,
    throttleMsMax: 2500,
    hopsMax: 3,
  }) as RegisterStore;
  const wire = reachable(faulty, () => world.isHealed || clock.monotonic() >= started.cutUntilMs);
  const started: Process = {
    name: process.name,
    process,
    clock: machine,
    registers: heard(wire, sessionKey(name), machine, {
      onSent: () => stall(world, started),
      onHeard: (sentMs) => {
        // What arrives when all is lost renews nothing.
        if ((started.session?.remainingMs ?? 0) > 0) started.acknowledgedMs = sentMs;
      },
    }),
    leases: new Map(),
    isGone: () => process.crashed,
    acknowledgedMs: Number.NEGATIVE_INFINITY,
    skippedMs: Number.NEGATIVE_INFINITY,
    putBackMs: Number.NEGATIVE_INFINITY,
    cutUntilMs: Number.NEGATIVE_INFINITY,
    stallMs: 0,
    session: undefined,
  };
  world.processes.push(started);
  return started;
}

/** Starts the session of a process. */
export async function startSession(world: World, owner: Process, name: string): Promise<LeaseSession> {
  const session = await LeaseSession.start({
    ...TIMING,
    registers: owner.registers,
    name,
    clock: owner.clock,
    random: world.random,
    onEvent: (event) => hear(world, owner, event),
  });
  owner.session = session;
  if (world.isOver) await session.close();
  return session;
}

/** Moves the clock until `work` settles or so much time has passed; tells whether it settled. */
export function passTime({ clock }: World, work: Promise<unknown>, ms: number): Promise<boolean> {
  return clock.advanceUntil(work, ms);
}

function hear(world: World, owner: Process, event: LeaseEvent): void {
  const { judge, trace } = world;
  trace?.note(owner.name, textOf(event));
  if (event.type === 'acquired') {
    judge.granted(owner, event.lease);
    event.lease.signal.addEventListener('abort', () => lookAround(world, owner));
  }
  if (event.type === 'lost' && !event.lease.signal.aborted)
    judge.accuse(`${owner.name} lost ${event.lease.resource} and its signal has not aborted`);
  if (event.type === 'ended' && event.error !== undefined)
    judge.accuse(`${owner.name} ended by an error that faults do not explain: ${String(event.error)}`);
  if (event.type !== 'lapsed') return;
  const { name, generation } = event.session;
  const sinceMs = owner.clock.monotonic() - owner.acknowledgedMs;
  if (event.reason === 'fenced' && !judge.isOver(name, generation))
    judge.accuse(`${owner.name} takes itself for fenced, and is not`);
  if (event.reason === 'expired' && sinceMs < TIMING.durationMs - TIMING.guardMs - 1)
    judge.accuse(`${owner.name} expired ${sinceMs} ms after a renewal that was acknowledged`);
  if (event.reason === 'suspended' && world.clock.monotonic() - owner.skippedMs > 3 * TIMING.durationMs)
    judge.accuse(`${owner.name} takes itself for suspended, and was not`);
}

/** What somebody may do who hears that a lease is lost: look whether the others are. */
function lookAround({ judge }: World, owner: Process): void {
  for (const lease of owner.leases.values()) {
    if (owner.process.crashed || !lease.valid) continue;
    judge.believed(owner, lease);
    if (owner.session?.valid === false)
      judge.accuse(`${owner.name} believes in ${lease.resource} when its session is not valid any more`);
  }
}

/** What it hears when it goes on is old, and the last that it hears for long. */
function stall({ clock, trace, isHealed }: World, owner: Process): void {
  const { stallMs } = owner;
  if (stallMs === 0 || isHealed) return;
  owner.stallMs = 0;
  owner.process.pause(stallMs);
  trace?.note(owner.name, 'is cut off');
  owner.cutUntilMs = clock.monotonic() + stallMs + 2 * TIMING.durationMs;
}

/** Returns a wire over which calls are refused unless `isReachable` says otherwise. */
function reachable(wire: RegisterStore, isReachable: () => boolean): RegisterStore {
  const refuseCut = (): void => {
    if (!isReachable()) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut off');
  };
  return {
    ...wire,
    async read(keys, options) {
      refuseCut();
      return wire.read(keys, options);
    },
    async compareAndSwap(changes, options) {
      refuseCut();
      return wire.compareAndSwap(changes, options);
    },
  };
}

/** Tells of every renewal that is sent, and of those that were acknowledged, when they were sent. */
function heard(
  wire: RegisterStore,
  key: string,
  clock: LocalClock,
  { onSent, onHeard }: { readonly onSent: () => void; readonly onHeard: (sentMs: number) => void },
): RegisterStore {
  return {
    ...wire,
    async compareAndSwap(changes, options) {
      const sentMs = clock.monotonic();
      const swap = wire.compareAndSwap(changes, options);
      const [change] = changes;
      if (change?.key === key) onSent();
      const result = await swap;
      if (result.applied && change?.value !== undefined && change.key === key) {
        // A generation may have begun with an earlier attempt, from which it counts.
        const { beat, offers } = decodeSession(change.value, change.key);
        // What has offers is no renewal, but an offer to itself.
        if (offers.length === 0) onHeard(beat > 0 ? sentMs : Number.NEGATIVE_INFINITY);
      }
      return result;
    },
  };
}

function textOf(event: LeaseEvent): string {
  const lease: Lease | undefined = 'lease' in event ? event.lease : undefined;
  const reason = 'reason' in event ? ` ${event.reason}` : '';
  const what = lease === undefined ? '' : ` ${lease.resource} token=${lease.token}`;
  return `* ${event.type}${reason}${what}`;
}
