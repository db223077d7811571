/** The world of a run over real sockets: real time, a cloud, and between it and the processes proxies that fail. */
import { type Clock, type RetryPolicy, seededRandom, systemClock, systemRandom } from '@clortho/base';
import { type OpenOptions, open } from '@clortho/engine';
import { type ObjectStore, s3ObjectStore } from '@clortho/object-store';
import { dynamoDbRegisterStore, type RegisterStore, s3RegisterStore } from '@clortho/registers';
import {
  drawnProxyFaults,
  type FaultProxy,
  faultyObjectStore,
  faultyRegisterStore,
  type ProxyFaultRates,
  type SimulatedProcess,
  startFaultProxy,
} from '@clortho/testkit';
import type { ClientWorld } from '../commit/clients.ts';
import { between, pick } from '../commit/draw.ts';
import type { Session } from '../commit/world.ts';
import type { Cloud, ServiceAccount } from './cloud.ts';
import { shiftedClock } from './shifted-clock.ts';

/** See the module. */
export interface WireWorld extends ClientWorld {
  readonly cloud: Cloud;
  /** What belongs to this run alone, in bucket and table. */
  readonly prefix: string;
  readonly registersOn: 'dynamodb' | 's3';
  readonly s3: FaultProxy;
  readonly dynamoDb: FaultProxy;
  /** How often a swap ended without anybody knowing how; a process then finds out, or tells its caller. */
  unknownSwaps: number;
  readonly opened: Pick<ObjectStore, 'close'>[];
}

/** How long clients wait and try; what is left out is as long as for everybody. */
interface Patience {
  readonly clock?: Clock;
  readonly retry?: RetryPolicy;
  readonly requestTimeoutMs?: number;
}

/** Small sizes, so that everything happens often. */
const TUNING: OpenOptions = {
  compaction: 'manual',
  refreshMs: 400,
  tuning: { threads: 0, blockBytes: 128, fileBytes: 600, deltaRuns: 2, runsMax: 4 },
};
/** Few keys over all shards, so that clients meet. */
export const KEYS: readonly string[] = ['a', 'b', 'c', 'n', 'o', 'x', 'y'];
const SCENARIO: WireWorld['scenario'] = { keys: KEYS, rowMsMax: 10, snapshotMsMax: 300 };
const SKEW_MS_MAX = 2000;
const DELAY_MS_MAX = 30;
/** Time after which nothing lands any more, once nobody sends. */
const LATER_MS_MAX = 300;

/** Starts the proxies of a run in front of `cloud`. */
export async function newWireWorld(
  seed: number,
  cloud: Cloud,
  registersOn: WireWorld['registersOn'],
): Promise<WireWorld> {
  const clock = systemClock;
  const random = seededRandom(seed);
  const [s3, dynamoDb] = await Promise.all([
    startFaultProxy({ target: cloud.s3.endpoint, clock }),
    startFaultProxy({ target: cloud.dynamoDb.endpoint, clock }),
  ]);
  // A seed may run twice in one place.
  const prefix = `run-${seed}-${clock.now()}`;
  return {
    clock,
    random,
    scenario: SCENARIO,
    cloud,
    prefix,
    registersOn,
    s3,
    dynamoDb,
    unknownSwaps: 0,
    opened: [],
  };
}

/** Lets the wires fail: mildly in some worlds, wildly in others. */
export function breakWires({ random, s3, dynamoDb }: WireWorld): void {
  const rate = pick(random, [0.01, 0.03, 0.06]);
  const rates: ProxyFaultRates = {
    drop: rate,
    loseReply: rate,
    landLate: rate / 2,
    cutReply: rate / 2,
    stallReply: rate / 8,
    hang: rate / 4,
    delay: pick(random, [0, 0.1, 0.3]),
  };
  const rare = Object.fromEntries(Object.entries(rates).map(([kind, share]) => [kind, share / 4]));
  const drawn = drawnProxyFaults({
    random,
    // A call of a client reads many objects and few registers.
    rates: ({ operation }) => (operation === 'GetObject' ? rare : rates),
    delayMsMax: DELAY_MS_MAX,
    laterMsMax: LATER_MS_MAX,
  });
  s3.faults.onRequest = drawn;
  dynamoDb.faults.onRequest = drawn;
}

/** Lets nothing fail any more. */
export function calmWires({ s3, dynamoDb }: WireWorld): void {
  s3.faults.onRequest = undefined;
  dynamoDb.faults.onRequest = undefined;
}

/** Lets nothing fail any more, and waits until nothing is on a wire. */
export async function healWires(world: WireWorld): Promise<void> {
  const { clock, s3, dynamoDb } = world;
  calmWires(world);
  await clock.sleep(2 * LATER_MS_MAX);
  await Promise.all([s3.idle(), dynamoDb.idle()]);
}

/** Opens the store in a process, over the wires. It crashes once in a while. */
export async function openOverWire(
  world: WireWorld,
  process: SimulatedProcess,
  options: OpenOptions = {},
): Promise<Session> {
  const { random } = world;
  const retry: RetryPolicy = {
    attemptsMax: pick(random, [1, 2, 4]),
    delayMs: 5,
    delayMsMax: 50,
    elapsedMsMax: 5000,
  };
  const { requestTimeoutMs } = world.cloud;
  const patience = { clock: process.clock, retry, requestTimeoutMs };
  const { objects, registers } = backendsOf(world, patience, {
    s3: { ...world.cloud.s3, endpoint: world.s3.endpoint },
    dynamoDb: { ...world.cloud.dynamoDb, endpoint: world.dynamoDb.endpoint },
  });
  const plan = { clock: world.clock, random, process, laterMsMax: LATER_MS_MAX };
  const clock = shiftedClock(process.clock, between(random, -SKEW_MS_MAX, SKEW_MS_MAX));
  const opening = open('memory:', {
    ...TUNING,
    ...options,
    objects: faultyObjectStore(objects, { ...plan, rates: { crash: 0.0005 } }),
    registers: faultyRegisterStore(noting(world, registers), { ...plan, rates: { crash: 0.004 } }),
    clock,
    random,
  });
  return { process, store: await process.fence(opening), clock };
}

/** Opens the store past the wires, with the patience that everybody has by default. */
export async function openDirectly(
  world: WireWorld,
  clock: Clock,
  options: OpenOptions = {},
): Promise<Session['store']> {
  const backends = backendsOf(world, {}, world.cloud);
  return open('memory:', { ...TUNING, ...options, ...backends, clock, random: world.random });
}

/** Ends the proxies and what processes have left open. */
export async function endWorld({ opened, s3, dynamoDb }: WireWorld): Promise<void> {
  await Promise.all(opened.map((store) => store.close()));
  await Promise.all([s3.close(), dynamoDb.close()]);
}

function backendsOf(
  { cloud, prefix, registersOn, opened }: WireWorld,
  { clock, retry, requestTimeoutMs }: Patience,
  { s3, dynamoDb }: { readonly s3: ServiceAccount; readonly dynamoDb: ServiceAccount },
): { readonly objects: ObjectStore; readonly registers: RegisterStore } {
  const { place } = cloud;
  // Tokens of requests are not drawn from the seed: a service remembers them longer than a run takes.
  const shared = { clock, retry, requestTimeoutMs, random: systemRandom };
  const objects = s3ObjectStore({ ...s3, ...shared, bucket: place, prefix: `${prefix}/objects` });
  const registers =
    registersOn === 's3'
      ? s3RegisterStore({
          ...s3,
          ...shared,
          bucket: place,
          prefix: `${prefix}/registers/`,
          // Ceph compares the header with its ETag as it stands; the servers of the test kit take both.
          unquotedEtags: true,
        })
      : dynamoDbRegisterStore({ ...dynamoDb, ...shared, table: place, prefix });
  opened.push(objects, registers);
  return { objects, registers };
}

function noting(world: WireWorld, registers: RegisterStore): RegisterStore {
  return {
    ...registers,
    async compareAndSwap(changes, options) {
      try {
        return await registers.compareAndSwap(changes, options);
      } catch (error) {
        if ((error as { readonly code?: unknown }).code === 'CLORTHO_OUTCOME_UNKNOWN')
          world.unknownSwaps += 1;
        throw error;
      }
    },
  };
}
