/** The world of a run: one cloud of backends that do not fail, one clock, and processes that reach them over faulty wires. */
import { type Clock, type Random, seededRandom } from '@clortho/base';
import { type OpenOptions, open, type Store } from '@clortho/engine';
import { memoryObjectStore, type ObjectStore } from '@clortho/object-store';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import {
  type FaultPlan,
  type FaultRates,
  type FaultTrace,
  faultTrace,
  faultyObjectStore,
  faultyRegisterStore,
  type SimulatedProcess,
  simulatedProcess,
  type VirtualClock,
  virtualClock,
} from '@clortho/testkit';

/** See the module. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
  readonly trace: FaultTrace;
  /** How wires fail; nothing fails once the run is over. */
  rates: { readonly objects: FaultRates; readonly registers: FaultRates };
}

/** A process with its store open. */
export interface Session {
  readonly process: SimulatedProcess;
  readonly store: Store;
}

const QUIET = { objects: {}, registers: {} };

/** Small sizes, so that everything happens often. */
const TUNING: OpenOptions = {
  compaction: 'manual',
  refreshMs: 400,
  tuning: { threads: 0, blockBytes: 128, fileBytes: 600, fanIn: 2, runsMax: 4 },
};

/** Makes a world with an empty store of so many shards. */
export async function newWorld(seed: number, splits: readonly string[]): Promise<World> {
  const clock = virtualClock();
  const world: World = {
    clock,
    random: seededRandom(seed),
    objects: memoryObjectStore(),
    registers: memoryRegisterStore(),
    trace: faultTrace(clock),
    rates: QUIET,
  };
  const created = openIn(world, startProcess(world, 'creator'), { shards: splits }).then(({ store }) =>
    store.close(),
  );
  if (!(await passTime(world, created, 1000))) throw new Error('a store on sound backends opens at once');
  return world;
}

/** Moves the clock until `work` settles, or so much time has passed; tells whether it settled. */
export async function passTime(world: World, work: Promise<unknown>, ms: number): Promise<boolean> {
  const { clock } = world;
  const endMs = clock.monotonic() + ms;
  let isDone = false;
  const settled = work.finally(() => {
    isDone = true;
  });
  // Looked at when it is awaited below.
  settled.catch(() => undefined);
  while (!isDone && clock.monotonic() < endMs) {
    await clock.advance(Math.min(clock.nextDueMs ?? 1000, endMs - clock.monotonic()));
  }
  if (isDone) await settled;
  return isDone;
}

/** Starts a process: what it opens, it opens over wires that fail as the world says. */
export function startProcess(world: World, name: string): SimulatedProcess {
  return simulatedProcess({ name, clock: world.clock, trace: world.trace });
}

/** Opens the store in a process. */
export async function openIn(
  world: World,
  process: SimulatedProcess,
  options: OpenOptions = {},
): Promise<Session> {
  const { clock, random, trace } = world;
  const plan = (rates: FaultRates): FaultPlan => ({
    clock,
    random,
    process,
    trace,
    rates,
    delayMsMax: 30,
    laterMsMax: 20_000,
    throttleMsMax: 800,
    hopsMax: 4,
  });
  const opening = open('memory:', {
    ...TUNING,
    ...options,
    objects: faultyObjectStore(world.objects, plan(world.rates.objects)),
    registers: faultyRegisterStore(world.registers, plan(world.rates.registers)),
    clock: skewed(process.clock, random),
    random,
  });
  return { process, store: await process.fence(opening) };
}

/** Lets nothing fail any more. */
export function heal(world: World): void {
  world.rates = QUIET;
}

/** A clock whose time of day is off by up to two seconds: nothing may depend on it but timestamps. */
function skewed(clock: Clock, random: Random): Clock {
  const offMicros = (random.uint32() % 4_000_000) - 2_000_000;
  return {
    ...clock,
    now: () => clock.now() + offMicros,
    monotonic: () => clock.monotonic(),
    sleep: clock.sleep,
  };
}
