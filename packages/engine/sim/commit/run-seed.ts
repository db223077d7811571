/** One run: processes come, work, crash and come back; then all heals, and what is left is judged. */
import { randomFraction } from '@clortho/base';
import type { Attempt } from './attempt.ts';
import { act, type Client } from './clients.ts';
import { between, pick } from './draw.ts';
import { judge, readPastOf, type ShardOf } from './judge.ts';
import { heal, newWorld, openIn, passTime, type Session, startProcess, type World } from './world.ts';

/** What became of a run. */
export interface RunResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly attempts: number;
  readonly crashes: number;
  /** What happened, for a run that has problems. */
  readonly trace: string;
}

const SPLITS: readonly (readonly string[])[] = [[], ['m'], ['c', 'n'], ['b', 'm', 'x']];
const ACTIONS_PER_WRITER = 20;
/** Virtual time in which the processes must be done. */
const RUN_MS_MAX = 600_000;
/** Virtual time after which nothing is on a wire any more. */
const SETTLE_MS = 90_000;

/** Runs the simulation of a seed. */
export async function runSeed(seed: number): Promise<RunResult> {
  const splits = SPLITS[seed % SPLITS.length] ?? [];
  const world = await newWorld(seed, splits);
  const history: Attempt[] = [];
  const shardOf = (key: string): number => splits.filter((split) => split <= key).length;
  const run: Run = { world, history, shardOf, crashes: 0, values: 0 };
  world.rates = drawRates(world);
  const problems: string[] = [];
  const actors = [
    ...Array.from({ length: between(world.random, 2, 3) }, (_, writer) =>
      live(run, `w${writer}`, writeSome, ACTIONS_PER_WRITER),
    ),
    live(run, 'keeper', keep, 8),
  ];
  const all = Promise.all(actors).then(
    () => true,
    (error: unknown) => {
      problems.push(`an error that faults do not explain: ${explained(error)}`);
      return true;
    },
  );
  if (!(await passTime(world, all, RUN_MS_MAX))) problems.push('the processes did not come to an end');
  heal(world);
  await passTime(world, world.clock.sleep(SETTLE_MS), SETTLE_MS);
  if (problems.length === 0) problems.push(...(await judgeWorld(run)));
  return {
    seed,
    problems,
    attempts: history.length,
    crashes: run.crashes,
    trace: problems.length > 0 ? world.trace.text() : '',
  };
}

interface Run {
  readonly world: World;
  readonly history: Attempt[];
  readonly shardOf: ShardOf;
  crashes: number;
  values: number;
}

/** What is left to do, over all lives. */
interface Task {
  left: number;
}

type Work = (run: Run, session: Session, task: Task) => Promise<void>;

/** Mild and wild worlds: rare faults leave room for long histories, frequent ones for unlikely meetings. */
function drawRates({ random }: World): World['rates'] {
  const rate = pick(random, [0.01, 0.03, 0.08]);
  const shared = {
    delay: pick(random, [0, 0.3, 0.8]),
    errorBeforeEffect: rate,
    errorAfterEffect: rate,
    applyLater: rate / 2,
    duplicate: rate,
    throttle: rate / 10,
  };
  // A call of a client reads many objects and few registers.
  const objects = { ...shared, errorBeforeEffect: rate / 5, throttle: rate / 50, crash: rate / 100 };
  return { objects, registers: { ...shared, crash: rate / 8 } };
}

/** Lives through crashes: every life is a process of its own that opens the store anew. */
async function live(run: Run, name: string, work: Work, actions: number): Promise<void> {
  const { world } = run;
  const { clock } = world;
  const task: Task = { left: actions };
  for (let life = 1; ; life += 1) {
    await clock.sleep(1 + randomFraction(world.random) * 200);
    const ended = await oneLife(run, `${name}.${life}`, (session) => work(run, session, task));
    if (ended) return;
    run.crashes += 1;
  }
}

/** Returns whether the process came to its end, rather than crash or fail to open. */
async function oneLife(run: Run, name: string, work: (session: Session) => Promise<void>): Promise<boolean> {
  const { world } = run;
  const process = startProcess(world, name);
  let isDone = false;
  let failure: unknown;
  const life = (async () => {
    try {
      const session = await openIn(world, process, { create: 'never' });
      await work(session);
      await process.fence(session.store.close());
    } catch (error) {
      failure = error;
    }
    isDone = true;
  })();
  // A crashed process never settles: someone has to look.
  while (!isDone && !process.crashed && run.world.clock.monotonic() < RUN_MS_MAX) {
    await Promise.race([life, world.clock.sleep(50)]);
  }
  if (failure !== undefined && !isOfTheWire(failure)) {
    throw failure instanceof Error ? failure : new TypeError(`thrown: ${String(failure)}`);
  }
  return isDone && failure === undefined;
}

function isOfTheWire(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return code === 'CLORTHO_UNAVAILABLE' || code === 'CLORTHO_OUTCOME_UNKNOWN' || code === 'CLORTHO_CONFLICT';
}

async function writeSome(run: Run, session: Session, task: Task): Promise<void> {
  const { world } = run;
  const client: Client = {
    ...session,
    world,
    history: run.history,
    shardOf: run.shardOf,
    // A value tells which process wrote it.
    freshValue: () => `${session.process.name}/${(run.values += 1)}`,
  };
  const lanes = Array.from({ length: between(world.random, 1, 3) }, async () => {
    while (task.left > 0 && !session.process.crashed) {
      task.left -= 1;
      await act(client);
      await session.process.clock.sleep(randomFraction(world.random) ** 2 * 300);
    }
  });
  await Promise.all(lanes);
}

/** Compacts and collects garbage, over and over, while others write. */
async function keep(run: Run, { store, process }: Session, task: Task): Promise<void> {
  const { random } = run.world;
  while (task.left > 0 && !process.crashed) {
    task.left -= 1;
    await process.clock.sleep(randomFraction(random) * 600);
    const work: Promise<unknown> = random.uint32() % 2 === 0 ? store.compact() : store.gc();
    try {
      await process.fence(work);
    } catch (error) {
      if (!isOfTheWire(error)) throw error;
    }
  }
}

/** Reads everything with a process that nothing happens to. */
async function judgeWorld(run: Run): Promise<string[]> {
  const { world, history, shardOf } = run;
  const problems: string[] = [];
  const work = (async () => {
    const { store } = await openIn(world, startProcess(world, 'judge'), { create: 'never' });
    const past = await readPastOf(store);
    problems.push(...judge(history, past, shardOf));
    problems.push(...(await problemsOfGarbage(run, store)));
    await store.close();
    return true;
  })().catch((error: unknown) => {
    problems.push(`the store cannot be read when all is over: ${explained(error)}`);
    return true;
  });
  if (!(await passTime(world, work, RUN_MS_MAX))) problems.push('judging did not come to an end');
  return problems;
}

/** Nothing unreferenced is left after two more passes, and everything referenced can still be read. */
async function problemsOfGarbage({ world }: Run, store: Session['store']): Promise<string[]> {
  // Pins of processes that crashed run out first.
  await world.clock.sleep(130_000);
  for (let pass = 0; pass < 3; pass += 1) {
    await store.gc();
    await world.clock.sleep(65_000);
  }
  const { objectsWaiting } = await store.gc();
  for await (const _row of store.scan()) continue;
  return objectsWaiting === 0 ? [] : [`${objectsWaiting} orphans survive the passes of garbage collection`];
}

function explained(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
