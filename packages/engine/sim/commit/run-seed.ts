/** One run: processes come, work, crash and come back; then all heals, and what is left is judged. */
import { decodeUtf8, randomFraction } from '@clortho/base';
import type { Attempt } from './attempt.ts';
import { act, type Client } from './clients.ts';
import { between } from './draw.ts';
import { judge, readPastOf } from './judge.ts';
import { isOfTheWire, keep, type Pace, type Rounds, type Task } from './keepers.ts';
import type { Journey, Scenario } from './scenario.ts';
import { newWorld, openIn, type Session, startProcess, type World } from './world.ts';

/** How much happened, by what. */
export type Counts = Readonly<
  Record<
    | 'acknowledged'
    | 'failed'
    | 'unknown'
    | 'reads'
    | 'swaps'
    | 'racesLost'
    | 'crashes'
    | 'passes'
    | 'compactions'
    | 'splits',
    number
  >
>;

/** What became of a run. */
export interface RunResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly counts: Counts;
  /** What happened, for a run that has problems. */
  readonly trace: string;
}

/** Nothing happened. */
export const NO_COUNTS: Counts = {
  acknowledged: 0,
  failed: 0,
  unknown: 0,
  reads: 0,
  swaps: 0,
  racesLost: 0,
  crashes: 0,
  passes: 0,
  compactions: 0,
  splits: 0,
};

/** Virtual time in which the processes must be done. */
const RUN_MS_MAX = 3_600_000;
/** Virtual time after which nothing is on a wire any more. */
const SETTLE_MS = 90_000;
/** Pins of processes that crashed run out meanwhile. */
const LEASE_MS = 65_000;
const REOPEN_MS_MAX = 200;

/** Runs the simulation of a seed; one that has problems runs again, with everything written down. */
export async function runSeed(seed: number): Promise<RunResult> {
  const { stackTraceLimit } = Error;
  // Faults are errors by the hundred, and a stack costs more than the call that failed.
  Error.stackTraceLimit = 0;
  const result = await runOnce(seed, false).finally(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  if (result.problems.length === 0) return result;
  const again = await runOnce(seed, true);
  const repeats = again.problems.length === result.problems.length;
  const problems = repeats
    ? again.problems
    : [...again.problems, 'another run of the seed had other problems'];
  return { ...again, problems };
}

async function runOnce(seed: number, isTraced: boolean): Promise<RunResult> {
  const world = await newWorld(seed, isTraced);
  const { clock, scenario, watch } = world;
  if (scenario.skewMsMax > 0) watch.ignoreTimes();
  const run: Run = {
    world,
    history: [],
    rounds: { passes: 0, compactions: 0, splits: 0 },
    crashes: 0,
    values: 0,
  };
  const problems: string[] = [];
  const all = Promise.all(actorsOf(run)).catch((error: unknown) => {
    problems.push(`an error that faults do not explain: ${explained(error)}`);
  });
  if (!(await clock.advanceUntil(all, RUN_MS_MAX))) problems.push('the processes did not come to an end');
  world.isHealed = true;
  await clock.advance(SETTLE_MS);
  if (problems.length === 0) problems.push(...(await judgeWorld(run)));
  problems.push(...watch.problems);
  const kind = problems.length > 0 ? [`scenario: ${scenario.kind}`] : [];
  return { seed, problems: [...problems, ...kind], counts: countsOf(run), trace: world.trace?.text() ?? '' };
}

interface Run {
  readonly world: World;
  readonly history: Attempt[];
  readonly rounds: Rounds;
  crashes: number;
  values: number;
}

type Work = (session: Session, task: Task) => Promise<void>;

/** Starts everybody; what is left to do is shared by all of a kind. */
function actorsOf(run: Run): Promise<void>[] {
  const { scenario } = run.world;
  const some = (of: string, count: number, journey: Journey, left: number, work: Work): Promise<void>[] => {
    const task: Task = { left };
    return names(of, count).map((name) => live(run, name, journey, work, task));
  };
  const calling =
    (actions: Scenario['actions']): Work =>
    (session, task) =>
      callSome(run, session, task, actions);
  const keeping =
    (pace: Pace): Work =>
    (session, task) =>
      keep(run.world, session, task, run.rounds, pace);
  const { writer, reader, keeper, collector, compactShare, keeperPauseMsMax, splitShare } = scenario;
  const inTurn = { compactShare, splitShare, pauseMsMax: keeperPauseMsMax };
  const restless = { compactShare: 0, splitShare: 0, pauseMsMax: 0 };
  return [
    ...some('writer', scenario.writers, writer, scenario.calls, calling(scenario.actions)),
    ...some('reader', scenario.readers, reader, scenario.readerCalls, calling(scenario.readerActions)),
    ...some('keeper', scenario.keepers, keeper, scenario.rounds, keeping(inTurn)),
    ...some('collector', scenario.collectors, collector, scenario.passes, keeping(restless)),
  ];
}

function names(of: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${of}${index}`);
}

/** Lives through crashes, as long as there is something to do: every life is a process of its own that opens the store anew. */
async function live(run: Run, name: string, journey: Journey, work: Work, task: Task): Promise<void> {
  const { clock, random } = run.world;
  for (let life = 1; task.left > 0; life += 1) {
    await clock.sleep(1 + randomFraction(random) * REOPEN_MS_MAX);
    const ended = await oneLife(run, `${name}.${life}`, journey, (session) => work(session, task));
    if (ended === 'done') return;
    if (ended === 'crashed') run.crashes += 1;
  }
}

/** Returns how the life of a process ended: when all was done, in a crash, or because it could not open or close. */
async function oneLife(
  { world }: Run,
  name: string,
  journey: Journey,
  work: (session: Session) => Promise<void>,
): Promise<'done' | 'crashed' | 'cut off'> {
  const process = startProcess(world, name);
  const life = async (): Promise<'done' | 'cut off'> => {
    try {
      const session = await openIn(world, process, { create: 'never' }, journey);
      await work(session);
      await process.fence(session.store.close());
      return 'done';
    } catch (error) {
      if (!isOfTheWire(error)) throw error;
      return 'cut off';
    }
  };
  // A crashed process never settles: someone has to look.
  return Promise.race([life(), process.whenCrashed.then(() => 'crashed' as const)]);
}

async function callSome(run: Run, session: Session, task: Task, actions: Scenario['actions']): Promise<void> {
  const { world, history } = run;
  const { random, scenario } = world;
  const client: Client = {
    ...session,
    world,
    history,
    // A value tells which process wrote it.
    freshValue: () => `${session.process.name}/${(run.values += 1)}`,
  };
  const lanes = Array.from({ length: between(random, 1, scenario.lanesMax) }, async () => {
    while (task.left > 0 && !session.process.crashed) {
      task.left -= 1;
      await session.process.clock.sleep(randomFraction(random) ** 2 * scenario.pauseMsMax);
      await act(client, actions);
    }
  });
  await Promise.all(lanes);
}

/** Collects garbage and reads everything with a process that nothing happens to. */
async function judgeWorld(run: Run): Promise<string[]> {
  const { world, history } = run;
  const { clock, scenario, watch } = world;
  const problems: string[] = [];
  const work = async (): Promise<void> => {
    const options = { create: 'never', refreshMs: RUN_MS_MAX } as const;
    const { store } = await openIn(world, startProcess(world, 'judge'), options);
    for (let pass = 0; pass < 2; pass += 1) {
      const ended = watch.passBegins();
      await store.gc();
      ended();
      if (pass === 0) await clock.sleep(LEASE_MS);
    }
    problems.push(...(await orphansOf(world)));
    const invokedMs = clock.monotonic();
    const past = await readPastOf(store, scenario.keys);
    const seen = [...past].map(([key, versions]) => ({ key, value: versions.at(-1)?.[1] }));
    history.push({
      kind: 'read',
      process: 'judge',
      invokedMs,
      respondedMs: clock.monotonic(),
      asOf: undefined,
      isStale: false,
      seen,
    });
    const lowers = (await store.stats()).shards.map(({ lower }) => decodeUtf8(lower));
    problems.push(...judge(history, past, (key) => lowers.findLastIndex((lower) => lower <= key)));
    await store.close();
  };
  const judging = work().catch((error: unknown) => {
    problems.push(`the store cannot be read when all is over: ${explained(error)}`);
  });
  if (!(await clock.advanceUntil(judging, RUN_MS_MAX))) problems.push('judging did not come to an end');
  return problems;
}

/** After two passes nothing is left that nobody refers to. */
async function orphansOf({ objects, watch }: World): Promise<string[]> {
  const referenced = await watch.referenced();
  const orphans: string[] = [];
  for await (const { key } of objects.list('')) if (!referenced.has(key)) orphans.push(key);
  return orphans.map((key) => `an orphan survives two passes of garbage collection: ${key}`);
}

function countsOf({ history, world, crashes, rounds }: Run): Counts {
  const counts = { ...NO_COUNTS, ...rounds, crashes };
  const { applied, refused } = world.watch.swaps;
  counts.swaps = applied + refused;
  counts.racesLost = refused;
  for (const attempt of history) {
    if (attempt.kind === 'read') counts.reads += 1;
    else counts[attempt.outcome === 'ok' ? 'acknowledged' : attempt.outcome] += 1;
  }
  return counts;
}

function explained(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
