/**
 * One run: processes fight for resources while machines sleep, clocks are set, processes stop, crash and come back, and
 * wires fail; then all heals, and every resource must be held by somebody.
 */
import { isClorthoError, type Random, randomBelow, randomFraction } from '@clortho/base';
import type { Lease, LeaseSession } from '@clortho/lease';
import { GUARDED_PREFIX, versionOf } from './judge.ts';
import {
  newWorld,
  type Process,
  passTime,
  type Rates,
  startProcess,
  startSession,
  TIMING,
  type World,
} from './world.ts';

/** What became of a run. */
export interface RunResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly granted: number;
  readonly written: number;
  readonly crashes: number;
  /** What happened, for a run that has problems. */
  readonly trace: string;
}

const RESOURCES = ['red', 'green'];
const NAMES = ['a', 'b', 'c'];
const CHAOS_MS = 6000;
/** In so much time after all is well again, every resource has an owner. */
const OWNED_MS = 2 * TIMING.durationMs + 2000;

/** In so much time every process has looked at its clocks, unless it was paused. */
const UNSEEN_MS = 3000;

/** Runs the simulation of a seed. */
export async function runSeed(seed: number): Promise<RunResult> {
  const result = await run(seed, false);
  // The same seed is the same run, so what happened can be written down afterwards.
  return result.problems.length > 0 ? run(seed, true) : result;
}

async function run(seed: number, isTraced: boolean): Promise<RunResult> {
  const world = newWorld(seed, isTraced, drawRates);
  const { clock, judge } = world;
  const lives = NAMES.map((name) => live(world, name));
  const all = Promise.all([...lives, chaos(world)]).catch((error: unknown) => {
    judge.accuse(`an error that faults do not explain: ${explained(error)}`);
  });
  await passTime(world, clock.sleep(CHAOS_MS), CHAOS_MS + 1);
  heal(world);
  world.looping = isHeads(world.random) ? NAMES[2] : undefined;
  const looping = crashLoop(world);
  if (!(await passTime(world, allOwned(world), OWNED_MS)))
    judge.accuse(`not every resource has an owner ${OWNED_MS} ms after all was well`);
  world.isOver = true;
  await passTime(world, closeAll(world), 20_000);
  // Writes that were lost on their way arrive, and what they find must not matter.
  await passTime(world, clock.sleep(10_000), 10_001);
  await looping;
  if (!(await passTime(world, all, 1000))) judge.accuse('the processes did not come to an end');
  if (clock.pending > 0) judge.accuse(`${clock.pending} timers are left when all is over`);
  const { problems, counts } = judge;
  const crashes = world.processes.filter(({ process }) => process.crashed).length;
  return { seed, problems, ...counts, crashes, trace: world.trace?.text() ?? '' };
}

/** Mild and wild worlds: rare faults leave room for long terms, frequent ones for unlikely meetings. */
function drawRates(random: Random): Rates {
  const rate = pick(random, [0.005, 0.03, 0.1]);
  return {
    delay: pick(random, [0, 0.3, 0.8]),
    errorBeforeEffect: rate,
    errorAfterEffect: rate,
    applyLater: rate,
    duplicate: rate,
    throttle: rate / 5,
    hang: rate / 5,
    crash: rate / 20,
  };
}

/** Lets nothing fail any more: sleepers wake up, and nobody crashes. What is on its way still arrives. */
function heal(world: World): void {
  world.isHealed = true;
  for (const kind of Object.keys(world.rates) as (keyof Rates)[]) world.rates[kind] = 0;
}

/** Lives through crashes: every life is a process of its own, with a session of the same name. */
async function live(world: World, name: string): Promise<void> {
  for (;;) {
    await world.clock.sleep(randomFraction(world.random) * 400);
    // Beside a loop of its name it would only get in between, take something and be replaced.
    if (world.isOver || world.looping === name) return;
    const owner = startProcess(world, name);
    const life = oneLife(world, owner, name);
    const watch = untilCrashed(world, owner);
    const isEnd = await Promise.race([life, watch]);
    if (isEnd || world.isOver) return;
    // What is left of it takes no part any more.
    if (owner.session?.ended === undefined) owner.process.crash();
  }
}

/** Starts a process of the name that loops again and again, sooner than anybody could take it for silent. */
async function crashLoop(world: World): Promise<void> {
  const { looping: name } = world;
  while (name !== undefined && !world.isOver) {
    const owner = startProcess(world, name);
    // One that is too slow, or replaced by the next, is of no use to the loop, and in nobody's way.
    startSession(world, owner, name).catch((error: unknown) => {
      if (!isClorthoError(error))
        world.judge.accuse(`an error that faults do not explain: ${explained(error)}`);
    });
    await world.clock.sleep(TIMING.durationMs * (0.2 + 0.6 * randomFraction(world.random)));
    owner.process.crash();
  }
}

/** Returns whether the process lived to the end of the run. */
async function oneLife(world: World, owner: Process, name: string): Promise<boolean> {
  try {
    const session = await startSession(world, owner, name);
    await Promise.all(RESOURCES.map((resource) => compete(world, owner, session, resource)));
    return session.ended === 'closed';
  } catch (error) {
    // Nothing could be reached for as long as a lease lasts, or another process has the name: start again.
    if (isClorthoError(error)) return false;
    throw error;
  }
}

/** Returns `false` when the process has crashed: then nothing that it waits for comes back. */
async function untilCrashed(world: World, owner: Process): Promise<false> {
  while (!owner.process.crashed && !world.isOver) await world.clock.sleep(300);
  return false;
}

/** Takes a resource again and again, for as long as the session lasts. */
async function compete(world: World, owner: Process, session: LeaseSession, resource: string): Promise<void> {
  const { random } = world;
  // When all is well, some have no use for it any more: what they left behind must not be in the way of the others.
  const isFaithful = session.name === NAMES[0] || isHeads(random);
  while (session.ended === undefined && (isFaithful || !world.isHealed)) {
    const lease = await take(world, session, resource);
    if (lease === undefined) await owner.clock.sleep(20 + 200 * randomFraction(random));
    else await hold(world, owner, session, lease, isFaithful);
  }
}

async function take(world: World, session: LeaseSession, resource: string): Promise<Lease | undefined> {
  const { random } = world;
  const abort = new AbortController();
  try {
    if (!world.isHealed && isHeads(random)) return await session.tryAcquire(resource);
    const taking = session.acquire(resource, { waitMs: 2000 * randomFraction(random), signal: abort.signal });
    // Some lose patience in the middle of a call.
    if (!world.isHealed && randomBelow(random, 8) === 0) queueMicrotask(() => abort.abort());
    return await taking;
  } catch (error) {
    if (isClorthoError(error) && error.code !== 'CLORTHO_INVALID' && error.code !== 'CLORTHO_CORRUPT')
      return undefined;
    throw error;
  }
}

/** Holds a lease for a while, writes under it, and lets go of it in one of all ways. */
async function hold(
  world: World,
  owner: Process,
  session: LeaseSession,
  lease: Lease,
  isFaithful: boolean,
): Promise<void> {
  const { random, judge } = world;
  const plan = pick(random, ['release', 'release', 'hand over', 'hand over', 'keep']);
  const untilMs = owner.clock.monotonic() + 1500 * randomFraction(random);
  while (
    lease.valid &&
    ((world.isHealed && isFaithful) || plan === 'keep' || owner.clock.monotonic() < untilMs)
  ) {
    await owner.clock.sleep(10 + 300 * randomFraction(random));
    if (lease.valid) judge.believed(owner, lease);
    if (isHeads(random)) await writeGuarded(owner, lease);
  }
  if (!lease.valid) {
    if (!lease.signal.aborted)
      judge.accuse(`${owner.name}: the signal has not aborted, and the lease is invalid`);
    return;
  }
  const to = plan === 'hand over' ? (lease.offeredTo ?? pick(random, NAMES)) : session.name;
  try {
    if (to === session.name) await lease.release();
    else await lease.handOver(to);
  } catch (error) {
    if (!isClorthoError(error) || error.code === 'CLORTHO_INVALID') throw error;
  }
}

/** Adds one to the register of a resource, if the lease still counts. */
async function writeGuarded(owner: Process, lease: Lease): Promise<void> {
  const key = GUARDED_PREFIX + lease.resource;
  try {
    const { signal } = lease;
    const [register] = await owner.registers.read([key], { signal });
    const value = Buffer.from(`${lease.token} ${owner.name}`);
    await owner.registers.compareAndSwap([{ key, expect: versionOf(register), value }, lease.check()], {
      signal,
    });
  } catch (error) {
    if (!isClorthoError(error) || error.code === 'CLORTHO_INVALID') throw error;
  }
}

/** What happens to machines and processes. */
async function chaos(world: World): Promise<void> {
  const { clock, random } = world;
  for (;;) {
    await clock.sleep(100 + 900 * randomFraction(random));
    if (world.isHealed) return;
    const alive = world.processes.filter(({ process }) => !process.crashed);
    if (alive.length > 0) strike(world, pick(random, alive));
  }
}

function strike(world: World, victim: Process): void {
  const { random, clock } = world;
  const ms = 2500 * randomFraction(random) ** 2;
  const nowMs = clock.monotonic();
  switch (randomBelow(random, 10)) {
    case 0:
    case 1:
      victim.process.pause(ms);
      return;
    case 2:
    case 3:
      // No clock tells of a sleep that is undone by being put back before anybody looked.
      if (nowMs - victim.putBackMs < UNSEEN_MS) return;
      world.trace?.note(victim.name, `machine sleeps for ${Math.round(ms)}`);
      victim.skippedMs = nowMs + ms;
      victim.process.pause(ms);
      victim.clock.suspend(ms);
      return;
    case 4:
      victim.process.crash();
      return;
    case 5:
      victim.skippedMs = Math.max(victim.skippedMs, nowMs);
      victim.clock.shiftNow(ms * 1000);
      return;
    case 6:
      if (nowMs - victim.skippedMs < UNSEEN_MS) return;
      victim.putBackMs = nowMs;
      victim.clock.shiftNow(-ms * 1000);
      return;
    case 7:
      world.trace?.note(victim.name, `is cut off for ${Math.round(ms)}`);
      victim.cutUntilMs = nowMs + ms;
      return;
    case 8:
      victim.stallMs = 0.8 * TIMING.durationMs * randomFraction(random);
      return;
    case 9: {
      // Another process takes the name; or somebody asks for a hand-over.
      const name = pick(random, NAMES);
      const { session } = victim;
      if (isHeads(random) && session !== undefined) offer(session, pick(random, RESOURCES), name);
      else usurp(world, name);
    }
  }
}

function offer(session: LeaseSession, resource: string, to: string): void {
  session.offer(resource, to).catch((error: unknown) => {
    if (!isClorthoError(error)) throw error;
  });
}

/** A second process of a name: it replaces the first, and lives for a while. */
function usurp(world: World, name: string): void {
  const owner = startProcess(world, name);
  const life = async (): Promise<void> => {
    const session = await startSession(world, owner, name);
    await Promise.race([
      Promise.all(RESOURCES.map((resource) => compete(world, owner, session, resource))),
      owner.clock.sleep(1500 * randomFraction(world.random)),
    ]);
    if (isHeads(world.random)) await session.close();
    else owner.process.crash();
  };
  life().catch((error: unknown) => {
    if (!isClorthoError(error))
      world.judge.accuse(`an error that faults do not explain: ${explained(error)}`);
  });
}

async function allOwned({ clock, processes }: World): Promise<void> {
  const isOwned = (resource: string): boolean =>
    processes.some(({ process, leases }) => !process.crashed && (leases.get(resource)?.remainingMs ?? 0) > 0);
  while (!RESOURCES.every(isOwned)) await clock.sleep(50);
}

async function closeAll({ processes }: World): Promise<void> {
  await Promise.all(
    processes.map(async ({ process, session }) => {
      if (!process.crashed) await session?.close();
    }),
  );
}

function isHeads(random: Random): boolean {
  return randomBelow(random, 2) === 1;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[randomBelow(random, choices.length)] as T;
}

function explained(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
