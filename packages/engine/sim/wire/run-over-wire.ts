/**
 * One run over real sockets: the clients of the simulation, in real time, over proxies that fail; then all heals, and what
 * is left is judged as in the simulation.
 *
 *     writers, a keeper ──► crash? ──► SDK ──► proxy ──► S3, DynamoDB
 *     judge ──────────────────────────► SDK ──────────► S3, DynamoDB
 */
import { randomFraction } from '@clortho/base';
import { simulatedProcess } from '@clortho/testkit';
import type { Attempt } from '../commit/attempt.ts';
import { act } from '../commit/clients.ts';
import { between } from '../commit/draw.ts';
import { isOfTheWire, type Task } from '../commit/keepers.ts';
import type { Scenario } from '../commit/scenario.ts';
import type { Session } from '../commit/world.ts';
import type { Cloud } from './cloud.ts';
import { judgeOverWire } from './judge-over-wire.ts';
import {
  breakWires,
  calmWires,
  endWorld,
  healWires,
  newWireWorld,
  openDirectly,
  openOverWire,
  type WireWorld,
} from './wire-world.ts';

/** What a run did, and what became of it. */
export interface WireResult {
  readonly seed: number;
  readonly problems: readonly string[];
  /** Calls of clients that wrote, by what they were told. */
  readonly writes: { readonly ok: number; readonly failed: number; readonly unknown: number };
  /** Calls of clients that read and were answered. */
  readonly reads: number;
  readonly crashes: number;
  /** Swaps whose reply was lost for good; who sent them has found out, unless its write is unknown. */
  readonly unknownSwaps: number;
  /** Requests that passed the proxies, and what went wrong with them by kind. */
  readonly requests: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly ms: number;
}

/** How much is done in a run. */
export interface WireSize {
  readonly writers: number;
  readonly actionsPerWriter: number;
  readonly keeperActions: number;
  /** After this, nothing fails any more and nobody begins anything, however much is left to do. */
  readonly busyMsMax?: number;
}

interface Run {
  readonly world: WireWorld;
  readonly history: Attempt[];
  crashes: number;
  values: number;
  isOver: boolean;
}

type Work = (run: Run, session: Session, task: Task) => Promise<void>;

/** The last one has its registers on S3, which cannot change several at once. */
const SPLITS: readonly (readonly string[])[] = [['m'], ['c', 'n'], ['b', 'm', 'x'], []];
const ACTIONS: Scenario['actions'] = [
  [4, 'batch'],
  [2, 'putIf'],
  [3, 'transact'],
  [2, 'latest'],
  [1, 'scan'],
  [2, 'past'],
  [1, 'snapshot'],
];
/** A process that is busy for longer has hung, even on a machine that is busy itself. */
const LIFE_MS_MAX = 400_000;

/** Runs a seed against `cloud`. */
export async function runOverWire(seed: number, cloud: Cloud, size: WireSize): Promise<WireResult> {
  const splits = SPLITS[seed % SPLITS.length] ?? [];
  const world = await newWireWorld(seed, cloud, splits.length === 0 ? 's3' : 'dynamodb');
  const shardOf = (key: string): number => splits.filter((split) => split <= key).length;
  const run: Run = { world, history: [], crashes: 0, values: 0, isOver: false };
  const beganMs = world.clock.monotonic();
  const problems: string[] = [];
  try {
    await (await openDirectly(world, world.clock, { shards: splits })).close();
    breakWires(world);
    const ended = new AbortController();
    const over = endAfter(run, size.busyMsMax ?? LIFE_MS_MAX, ended.signal);
    const actors = Array.from({ length: size.writers }, (_, writer) =>
      live(run, `w${writer}`, writeSome, size.actionsPerWriter),
    );
    const ends = await Promise.allSettled([...actors, live(run, 'keeper', keep, size.keeperActions)]);
    for (const end of ends) if (end.status === 'rejected') problems.push(explained(end.reason));
    ended.abort();
    await over;
    await healWires(world);
    problems.push(...(await judgeOverWire(world, run.history, shardOf)));
  } catch (error) {
    problems.push(explained(error));
  } finally {
    await endWorld(world);
  }
  const { s3, dynamoDb, clock, unknownSwaps } = world;
  return {
    seed,
    problems,
    writes: { ok: countOf(run, 'ok'), failed: countOf(run, 'failed'), unknown: countOf(run, 'unknown') },
    reads: run.history.filter(({ kind }) => kind === 'read').length,
    crashes: run.crashes,
    unknownSwaps,
    requests: s3.counters.requests + dynamoDb.counters.requests,
    faults: sumOf([s3.counters.faults, dynamoDb.counters.faults]),
    ms: clock.monotonic() - beganMs,
  };
}

/** Adds up counts of the same names. */
export function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((one) => Object.entries(one)))
    sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

/** Ends a run when its time is up, unless it has come to its end before. */
async function endAfter(run: Run, ms: number, ended: AbortSignal): Promise<void> {
  await run.world.clock.sleep(ms, ended).catch(() => undefined);
  run.isOver = true;
  calmWires(run.world);
}

/** Lives through crashes: every life is a process of its own that opens the store anew. */
async function live(run: Run, name: string, work: Work, actions: number): Promise<void> {
  const { clock, random } = run.world;
  const task: Task = { left: actions };
  for (let life = 1; ; life += 1) {
    await clock.sleep(randomFraction(random) * 50);
    if (await oneLife(run, `${name}.${life}`, (session) => work(run, session, task))) return;
  }
}

/** Returns whether the process came to its end, rather than crash or fail to open. */
async function oneLife(run: Run, name: string, work: (session: Session) => Promise<void>): Promise<boolean> {
  const { world } = run;
  const process = simulatedProcess({ name, clock: world.clock });
  const life = (async () => {
    const session = await openOverWire(world, process, { create: 'never' });
    await work(session);
    await process.fence(session.store.close());
  })();
  let isDone = false;
  const end = life.finally(() => {
    isDone = true;
  });
  end.catch(() => undefined); // Looked at below.
  const lateMs = world.clock.monotonic() + LIFE_MS_MAX;
  // A crashed process never settles: someone has to look.
  while (!isDone && !process.crashed && world.clock.monotonic() < lateMs) await world.clock.sleep(20);
  if (process.crashed) {
    run.crashes += 1;
    return false;
  }
  if (!isDone) {
    process.crash(); // Judging must not meet its writes.
    throw new Error(`the process hung: process=${name}`);
  }
  try {
    await end;
    return true;
  } catch (error) {
    if (!isOfTheWire(error)) throw error;
    return false;
  }
}

async function writeSome(run: Run, session: Session, task: Task): Promise<void> {
  const { world, history } = run;
  // A value tells which process wrote it.
  const freshValue = (): string => `${session.process.name}/${(run.values += 1)}`;
  const lanes = Array.from({ length: between(world.random, 1, 3) }, async () => {
    while (task.left > 0 && !run.isOver && !session.process.crashed) {
      task.left -= 1;
      await act({ ...session, world, history, freshValue }, ACTIONS);
    }
  });
  await Promise.all(lanes);
}

/** Compacts and collects garbage, over and over, while others write. */
async function keep(run: Run, { store, process }: Session, task: Task): Promise<void> {
  const { random } = run.world;
  while (task.left > 0 && !run.isOver && !process.crashed) {
    task.left -= 1;
    await process.clock.sleep(randomFraction(random) * 300);
    try {
      await process.fence<unknown>(random.uint32() % 2 === 0 ? store.compact() : store.gc());
    } catch (error) {
      if (!isOfTheWire(error)) throw error;
    }
  }
}

function countOf({ history }: Run, outcome: string): number {
  return history.filter((attempt) => attempt.kind === 'write' && attempt.outcome === outcome).length;
}

function explained(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
