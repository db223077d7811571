/**
 * Several writers over registers that lie: what they are told must be what happened. The same check must catch each
 * broken rule of settling, or it proves nothing.
 */
import { idSource, isClorthoError, type Random, randomBelow, seededRandom } from '@clortho/base';
import { memoryObjectStore, type ObjectStore } from '@clortho/object-store';
import { memoryRegisterStore } from '@clortho/registers';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeHead } from '../src/codec.ts';
import type { Head } from '../src/head.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { mintToken, type PreparedChange, prepareChange } from '../src/prepare-change.ts';
import { readStates } from '../src/read-states.ts';
import type { SegmentReference } from '../src/segment.ts';
import { settle, type Verdict } from '../src/settle.ts';
import { allFiles } from '../src/shard-files.ts';
import { headKey, loadSegment, type ShardState } from '../src/shard-state.ts';
import { swapHeads } from '../src/swap-heads.ts';
import { eagerClock } from './support/eager-clock.ts';
import { editOf, entryOf, STORE } from './support/entries.ts';
import { createShards } from './support/store.ts';
import { pause, unreliableRegisters } from './support/unreliable-registers.ts';

const SHARDS = [0, 1, 2];
const WRITERS = 4;
const COMMITS = 10;
const FENCE = 'fence';

/** One try to commit: what it would write, and what its writer was told. */
interface Attempt {
  readonly token: string;
  readonly shards: readonly number[];
  readonly commit: number;
  told: 'applied' | 'lost' | 'unknown' | 'unavailable';
}

interface Run {
  readonly faults: readonly string[];
  readonly attempts: readonly Attempt[];
  readonly repliesLost: number;
}

/** Runs the writers over a network with this seed and returns where they were told something else than happened. */
async function simulate(seed: number, swap: typeof swapHeads): Promise<Run> {
  const random = seededRandom(seed);
  const reliable = memoryRegisterStore();
  const registers = unreliableRegisters(reliable, random);
  const clock = eagerClock(() => pause(random));
  const objects = memoryObjectStore();
  const context: ManifestContext = { objects, registers, clock, random, ids: idSource(clock, random) };
  await createShards(reliable, SHARDS.length);
  const attempts: Attempt[] = [];
  const faults: string[] = [];
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(context, swap, writer, attempts));
  for (const { status, ...end } of await Promise.allSettled(writers)) {
    if (status === 'rejected')
      faults.push(`a writer failed: ${String((end as PromiseRejectedResult).reason)}`);
  }
  await registers.flush();
  const applied = await appliedTokens(objects, registers.applied);
  faults.push(...contradictions(attempts, applied));
  const finals = await readStates({ objects, registers: reliable }, STORE, SHARDS);
  faults.push(...wrongFiles(attempts, applied, finals));
  return { faults, attempts, repliesLost: registers.repliesLost };
}

/** Commits again and again to some of the shards, each commit until its writer is told that it was applied. */
async function write(
  context: ManifestContext,
  swap: typeof swapHeads,
  writer: number,
  attempts: Attempt[],
): Promise<void> {
  const { random } = context;
  let known: ShardState[] = [];
  for (let index = 0; index < COMMITS; index += 1) {
    const commit = writer * COMMITS + index;
    const shards = someOf(SHARDS, random);
    for (let done = false; !done; ) {
      await pause(random);
      known = await persist(() => readStates(context, STORE, SHARDS, known));
      const fence = randomBelow(random, 3) === 0 ? await persist(() => fenceVersion(context)) : undefined;
      if (randomBelow(random, 4) === 0) await raiseFence(context);
      const attempt: Attempt = { token: mintToken(random), shards, commit, told: 'unknown' };
      const states = shards.map((shard) => known[shard] as ShardState);
      const prepared = await Promise.all(states.map((state) => prepare(context, state, attempt)));
      attempts.push(attempt);
      attempt.told = await tell(() =>
        swap(context, prepared, fence === undefined ? [] : [{ key: FENCE, expect: fence }]),
      );
      done = attempt.told === 'applied' || attempt.told === 'unknown';
    }
  }
}

function prepare(context: ManifestContext, state: ShardState, attempt: Attempt): Promise<PreparedChange> {
  // Every fifth edit is too large for a tail: its token is in a segment that only this attempt names.
  const statistics = attempt.commit % 5 === 0 ? { large: new Uint8Array(3000) } : {};
  const added = [entryOf(attempt.commit, { family: state.head.shard, statistics })];
  return prepareChange(context, state, { ...editOf(0, added), token: attempt.token }, {});
}

async function tell(swap: () => Promise<'applied' | 'lost'>): Promise<Attempt['told']> {
  try {
    return await swap();
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_UNAVAILABLE')) return 'unavailable';
    if (isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN')) return 'unknown';
    throw error;
  }
}

async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_UNAVAILABLE')) throw error;
    }
  }
}

async function fenceVersion({ registers }: ManifestContext): Promise<number> {
  return (await registers.read([FENCE]))[0]?.version ?? 0;
}

async function raiseFence(context: ManifestContext): Promise<void> {
  try {
    const version = await fenceVersion(context);
    await context.registers.compareAndSwap([{ key: FENCE, expect: version, value: new Uint8Array(1) }]);
  } catch (error) {
    if (!isClorthoError(error)) throw error;
  }
}

function someOf(shards: readonly number[], random: Random): number[] {
  const some = shards.filter(() => randomBelow(random, 2) === 0);
  return some.length > 0 ? some : [randomBelow(random, shards.length)];
}

/** Returns, by token, on which shards it was applied, as often as it was. */
async function appliedTokens(
  objects: ObjectStore,
  swaps: readonly (readonly { key: string; value?: Uint8Array | undefined }[])[],
): Promise<Map<string, number[]>> {
  const applied = new Map<string, number[]>();
  for (const changes of swaps) {
    for (const { key, value } of changes) {
      if (value === undefined || key === FENCE) continue;
      const head = decodeHead(value, key);
      const { shard } = head;
      const token = await newestToken(objects, head);
      applied.set(token, [...(applied.get(token) ?? []), shard]);
    }
  }
  return applied;
}

/** A large edit is in the last segment, not in the tail. */
async function newestToken(objects: ObjectStore, head: Head): Promise<string> {
  const [edit] = head.tail.slice(-1);
  if (edit !== undefined) return edit.token;
  const segment = await loadSegment(objects, head, head.segments.at(-1) as SegmentReference);
  return segment.tokens.at(-1) ?? '';
}

function contradictions(
  attempts: readonly Attempt[],
  applied: ReadonlyMap<string, readonly number[]>,
): string[] {
  const faults: string[] = [];
  for (const { token, shards, told, commit } of attempts) {
    const really = applied.get(token);
    if (really !== undefined && really.join() !== shards.join()) {
      faults.push(`applied on ${really.join()} of ${shards.join()}`);
    }
    const isTrue = told === 'unknown' || (told === 'applied') === (really !== undefined);
    if (!isTrue) faults.push(`told ${told}, applied on ${really?.join() ?? 'none'}: commit=${commit}`);
  }
  const commits = attempts.filter(({ token }) => applied.has(token)).map(({ commit }) => commit);
  if (new Set(commits).size !== commits.length) faults.push('a commit was applied twice');
  return faults;
}

/** Every commit that was applied has its files on all its shards, and no other has any. */
function wrongFiles(
  attempts: readonly Attempt[],
  applied: ReadonlyMap<string, readonly number[]>,
  finals: readonly ShardState[],
): string[] {
  return finals.flatMap(({ head, files }) => {
    const wanted = attempts
      .filter(({ token, shards }) => applied.has(token) && shards.includes(head.shard))
      .map(({ commit }) => entryOf(commit).id);
    const found = [...allFiles(files)].map(({ id }) => id);
    return wanted.sort().join() === found.sort().join() ? [] : [`wrong files: shard=${head.shard}`];
  });
}

describe('writers over an unreliable network', () => {
  it('are told what happened, and every commit applies once, on all its shards or none', async () => {
    const told = { applied: 0, lost: 0, unknown: 0, unavailable: 0 };
    let repliesLost = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const run = await simulate(seed, swapHeads);
        expect(run.faults).toEqual([]);
        for (const attempt of run.attempts) told[attempt.told] += 1;
        repliesLost += run.repliesLost;
      }),
      { numRuns: 25 },
    );
    // The network did its worst, and the writers found out nearly always.
    expect(repliesLost).toBeGreaterThan(300);
    expect(told.lost).toBeGreaterThan(200);
    expect(told.unknown).toBeLessThan(told.applied / 100);
  });
});

describe('a broken rule of settling is caught', () => {
  afterEach(() => {
    vi.doUnmock('../src/settle.ts');
    vi.resetModules();
  });

  const mutants: Record<string, typeof settle> = {
    'heads that did not move are taken as lost': async (context, prepared, refused) => {
      const verdict = await settle(context, prepared, refused);
      return verdict === 'undecided' ? 'lost' : verdict;
    },
    'the latest token is compared': async ({ registers }, prepared, refused) => {
      for (const change of prepared) {
        const [register] = await registers.read([headKey(change.shard)]);
        if (register === undefined || register.version <= change.expect) continue;
        const latest = decodeHead(register.value, register.key).tail.at(-1)?.token;
        return latest === change.token ? 'applied' : 'lost';
      }
      return refused ? 'lost' : 'undecided';
    },
    'the first head decides alone': async (context, prepared, refused) => {
      const verdict = await settle(context, prepared.slice(0, 1), refused);
      return verdict === 'undecided' ? 'lost' : verdict;
    },
    'a refusal is taken as lost': async (context, prepared, refused) =>
      refused ? 'lost' : settle(context, prepared, refused),
    'a head that moved is taken as applied': async (context, prepared, refused): Promise<Verdict> => {
      const verdict = await settle(context, prepared, refused);
      return verdict === 'lost' && !refused ? 'applied' : verdict;
    },
  };

  /** Runs a few seeds with this rule in the place of the real one, until one shows a fault. */
  async function faultsOf(rule: typeof settle): Promise<readonly string[]> {
    vi.resetModules();
    vi.doMock('../src/settle.ts', () => ({ settle: rule }));
    const { swapHeads: swap } = await import('../src/swap-heads.ts');
    for (let seed = 1; seed <= 3; seed += 1) {
      const { faults } = await simulate(seed, swap);
      if (faults.length > 0) return faults;
    }
    return [];
  }

  it.each(Object.entries(mutants))('%s', async (_, mutant) => {
    expect(await faultsOf(mutant)).not.toEqual([]);
  });

  it('while the rule itself passes in its place', async () => {
    expect(await faultsOf(settle)).toEqual([]);
  });
});
