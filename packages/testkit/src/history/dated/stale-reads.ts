/**
 * Stale reads: each sees a cut through the shards, which may be old but has no commit half done.
 *
 *     shard 1     c1 ─ c3 │ c5            a cut: the first so many commits of every shard,
 *     shard 2     c2 ──── │ c3 ─ c4       here half of c3, which forbids it
 *
 * The cuts that a read may have seen are closed under taking the smaller place per shard, so there is a least one.
 * It is found by going ahead only where something demands it, and if it is not allowed, none is.
 *
 * Invariants:
 * - A cut contains what returned longer ago than the read may be stale, and what its process saw or wrote before.
 * - It contains nothing that was invoked after the read had returned.
 */
import type { HistoryOperation, HistoryRead } from '../history-operation.ts';
import { matches, type PreparedOperation } from '../prepared-operation.ts';
import type { DatedFinding, Suspect } from './assumptions.ts';
import { isStale, type SeenVersions } from './choose-versions.ts';
import type { Commit, Timelines, Version } from './commit.ts';
import { type Cut, type Demand, extendCut, type Shard } from './cut.ts';
import { partitionPoint } from './partition-point.ts';
import { writersOf } from './past-reads.ts';

/** Something that returned, and what its process knows from then on. */
interface Return {
  readonly returned: number;
  readonly process: string;
  readonly demands: () => Iterable<Demand>;
  /** Whether the demands together are a closed cut. */
  readonly isCut: boolean;
}

/** What a process knows: a closed cut, so that it is not closed again for every read, and demands beyond it. */
interface Knowledge {
  readonly cut: Cut;
  readonly demands: Map<Shard, Demand>;
}

/** Returns the first stale read that saw no cut which it may have seen. */
export function staleReadFinding(
  operations: readonly PreparedOperation[],
  timelines: Timelines,
  shardOf: (key: string) => Shard,
  seen: SeenVersions,
): DatedFinding | undefined {
  const stale = operations.filter(isStale);
  if (stale.length === 0) return undefined;
  stale.sort((one, two) => one.invoked - two.invoked);
  const cuts = new Map<PreparedOperation, Cut>();
  const returns = returnsOf(stale, timelines, seen, cuts);
  const agedBefore = agedDemands(timelines);
  const known = new Map<string, Knowledge>();
  const judged: Suspect[] = [];

  let next = 0;
  for (const operation of stale) {
    const { invoked, reads, source } = operation;
    for (let event = returns[next]; event !== undefined && event.returned < invoked; event = returns[next]) {
      learn(known, event);
      next += 1;
    }
    const mine = known.get(source.process);
    const cut: Cut = new Map(mine?.cut);
    const demands = [...(mine?.demands.values() ?? []), ...agedBefore(invoked - (source.stalenessMax ?? 0))];
    judged.push(...reads.map((read) => ({ operation, read })));
    const finding = judge(operation, timelines, shardOf, cut, demands);
    if (finding !== undefined) return { ...finding, suspects: judged };
    cuts.set(operation, cut);
  }
  return undefined;
}

function returnsOf(
  stale: readonly PreparedOperation[],
  { commits, versions }: Timelines,
  seen: SeenVersions,
  cuts: ReadonlyMap<PreparedOperation, Cut>,
): Return[] {
  const writes = commits.flatMap((commit) =>
    commit.members.map(({ returned, source }) => ({
      returned,
      process: source.process,
      demands: () => demandsOf(commit),
      isCut: false,
    })),
  );
  const fresh = [...seen].map(([{ returned, source }, saw]) => ({
    returned,
    process: source.process,
    demands: () =>
      saw.flatMap(({ read, place }) => {
        const version = versions.get(read.key)?.[place];
        return version === undefined ? [] : demandsOf(version.commit);
      }),
    isCut: false,
  }));
  const old = stale.map((operation) => ({
    returned: operation.returned,
    process: operation.source.process,
    demands: () => cuts.get(operation)?.values() ?? [],
    isCut: true,
  }));
  return [...writes, ...fresh, ...old].sort((one, two) => one.returned - two.returned);
}

function demandsOf(commit: Commit): Demand[] {
  return [...commit.places].map(([shard, place]) => ({
    shard,
    count: place + 1,
    why: 'session',
    by: commit,
  }));
}

function learn(known: Map<string, Knowledge>, { process, demands, isCut }: Return): void {
  const mine = known.get(process) ?? { cut: new Map(), demands: new Map() };
  known.set(process, mine);
  const target = isCut ? mine.cut : mine.demands;
  for (const demand of demands()) {
    if (demand.count > (target.get(demand.shard)?.count ?? 0))
      target.set(demand.shard, { ...demand, why: 'session' });
  }
}

/** Returns a function from a time to demands for everything that returned before it. */
function agedDemands({ chains }: Timelines): (before: number) => Demand[] {
  // The earliest return of a commit or a later one on the shard: it never falls along a chain.
  const earliest = new Map<Shard, number[]>();
  for (const [shard, chain] of chains) {
    const returns = chain.map(({ returned }) => returned);
    for (let place = returns.length - 2; place >= 0; place -= 1) {
      returns[place] = Math.min(returns[place] as number, returns[place + 1] as number);
    }
    earliest.set(shard, returns);
  }
  return (before) =>
    [...chains].flatMap(([shard, chain]): Demand[] => {
      const returns = earliest.get(shard) as number[];
      const count = partitionPoint(chain.length, (place) => (returns[place] as number) < before);
      return count === 0 ? [] : [{ shard, count, why: 'age', by: chain[count - 1] as Commit }];
    });
}

/** Finds the least cut that shows what the read saw. */
function judge(
  operation: PreparedOperation,
  { chains, versions }: Timelines,
  shardOf: (key: string) => Shard,
  cut: Cut,
  demands: readonly Demand[],
): Omit<DatedFinding, 'suspects'> | undefined {
  const { reads, returned, source } = operation;
  const take = (demand: Demand): Omit<DatedFinding, 'suspects'> | undefined => {
    const forbidden = extendCut(cut, chains, demand, returned);
    if (forbidden === undefined) return undefined;
    const text = 'the read saw what comes after a commit that began only after the read';
    return { kind: 'future-read', text, operations: [source, ...sourcesOf(forbidden.by)] };
  };
  for (const demand of demands) {
    const finding = take(demand);
    if (finding !== undefined) return finding;
  }
  // Going ahead for one key may take others further, so all are looked at again until nothing moves.
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for (const read of reads) {
      const all = versions.get(read.key) ?? [];
      const shard = shardOf(read.key);
      const placeOf = ({ commit }: Version): number => commit.places.get(shard) as number;
      const reach = cut.get(shard);
      const next = partitionPoint(
        all.length,
        (place) => placeOf(all[place] as Version) < (reach?.count ?? 0),
      );
      const current = all[next - 1];
      if (matches(read, current?.value, current?.commit.timestamp)) continue;
      const fitting = all.slice(next).find(({ commit, value }) => matches(read, value, commit.timestamp));
      if (fitting === undefined) return unfit(source, read, current, reach);
      const { commit } = fitting;
      const finding = take({ shard, count: placeOf(fitting) + 1, why: 'seen', by: commit });
      if (finding !== undefined) return finding;
      hasMoved = true;
    }
  }
  return undefined;
}

const WHY: Readonly<Record<Demand['why'], string>> = {
  age: 'that was there too long ago to be missed',
  session: 'its process knew of that already',
  batch: 'that belongs to a commit seen on another shard',
  seen: 'that comes before what was seen of the shard',
};

function unfit(
  source: HistoryOperation,
  read: HistoryRead,
  current: Version | undefined,
  reach: Demand | undefined,
): Omit<DatedFinding, 'suspects'> {
  const saw = `${read.key}=${read.value ?? 'absent'}`;
  if (current === undefined || reach === undefined) {
    return { kind: 'unwritten-value', text: `nothing that took effect brought ${saw}`, operations: [source] };
  }
  const { by, why } = reach;
  const isTorn = why === 'batch' || why === 'seen';
  return {
    kind: isTorn ? 'torn-read' : 'stale-read',
    text: `${saw} was read, but ${read.key} was ${current.value ?? 'absent'}: ${WHY[why]}`,
    operations: [...new Set([...writersOf(current), ...sourcesOf(by), source])],
  };
}

function sourcesOf({ members }: Commit): HistoryOperation[] {
  return members.map(({ source }) => source);
}
