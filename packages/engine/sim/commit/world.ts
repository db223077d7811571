/** The world of a run: one cloud of backends that do not fail, one clock, and processes that reach them over faulty wires. */
import { type Clock, type Random, seededRandom } from '@clortho/base';
import { type OpenOptions, open, type Store } from '@clortho/engine';
import { memoryObjectStore, type ObjectStore } from '@clortho/object-store';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import {
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
import { type CloudWatch, cloudWatch } from './cloud-watch.ts';
import { drawScenario, type Journey, type Scenario } from './scenario.ts';

/** See the module. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly scenario: Scenario;
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
  /** Where shards are still to be split. */
  readonly splitKeys: string[];
  /** What every process does to the cloud is seen here. */
  readonly watch: CloudWatch;
  /** Absent unless asked for: writing everything down takes as long as doing it. */
  readonly trace: FaultTrace | undefined;
  /** Nothing fails any more. */
  isHealed: boolean;
}

/** A process with its store open. */
export interface Session {
  readonly process: SimulatedProcess;
  readonly store: Store;
  /** The clock of the process, off by its skew. */
  readonly clock: Clock;
}

const NO_RATES: { readonly objects: FaultRates; readonly registers: FaultRates } = {
  objects: {},
  registers: {},
};
const OPENING_MS_MAX = 1000;

/** Small sizes, so that everything happens often. */
const TUNING: OpenOptions['tuning'] = {
  threads: 0,
  blockBytes: 128,
  fileBytes: 600,
  deltaRuns: 2,
  runsMax: 4,
};

/** Makes the world of a seed, with an empty store. */
export async function newWorld(seed: number, isTraced = false): Promise<World> {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const scenario = drawScenario(random);
  const objects = memoryObjectStore();
  const registers = memoryRegisterStore();
  const world: World = {
    clock,
    random,
    scenario,
    objects,
    registers,
    splitKeys: [...scenario.splitKeys],
    watch: cloudWatch({ clock, objects, registers }),
    trace: isTraced ? faultTrace(clock) : undefined,
    isHealed: false,
  };
  const process = startProcess(world, 'creator');
  const created = openIn(world, process, { shards: scenario.splits }).then(({ store }) => store.close());
  if (!(await clock.advanceUntil(created, OPENING_MS_MAX)))
    throw new Error('a store on sound backends opens at once');
  return world;
}

/** Starts a process. */
export function startProcess(world: World, name: string): SimulatedProcess {
  return simulatedProcess({ name, clock: world.clock, trace: world.trace });
}

/** Opens the store in a process, over wires that fail as the journey says. */
export async function openIn(
  world: World,
  process: SimulatedProcess,
  options: OpenOptions = {},
  journey?: Journey,
): Promise<Session> {
  const { random, scenario, trace } = world;
  const { objects: objectRates, registers: registerRates } =
    world.isHealed || journey === undefined ? NO_RATES : journey;
  const shared = {
    clock: world.clock,
    random,
    process,
    trace,
    script: world.isHealed ? [] : journey?.script,
    delayMsMax: journey?.delayMsMax,
    laterMsMax: 20_000,
    throttleMsMax: 800,
    hopsMax: 4,
  };
  const { objects, registers } = world.watch.backendsOf(process.name);
  const clock = skewed(process.clock, random, journey === undefined ? 0 : scenario.skewMsMax);
  const { tailEdits, partBytes } = scenario;
  const opening = open('memory:', {
    compaction: 'manual',
    tuning: { ...TUNING, tailEdits, partBytes, moveBytes: tailEdits === 2 ? 1 : undefined },
    refreshMs: scenario.refreshMs,
    cacheBytes: scenario.cacheBytes,
    tableBytes: scenario.cacheBytes,
    ...options,
    objects: faultyObjectStore(objects, { ...shared, rates: objectRates }),
    registers: faultyRegisterStore(registers, { ...shared, rates: registerRates }),
    clock,
    random,
  });
  return { process, store: await process.fence(opening), clock };
}

/** A clock whose time of day is off: nothing may depend on it but timestamps. */
function skewed(clock: Clock, random: Random, skewMsMax: number): Clock {
  const offMicros = skewMsMax === 0 ? 0 : (random.uint32() % (2000 * skewMsMax)) - 1000 * skewMsMax;
  return {
    now: () => clock.now() + offMicros,
    monotonic: () => clock.monotonic(),
    sleep: clock.sleep,
  };
}
