/**
 * The one order: commits and reads, and what each has to come before.
 *
 *     commit ──► next commit of the shard           by timestamp
 *     commit ──► who saw its version ──► commit that overwrote the version
 *     who returned ──► time ──► time ──► who was invoked later
 *
 * The last kind would take an edge for every pair. It goes through one node per moment of a return instead, so that
 * the graph is linear in the size of the history. The history has an order if and only if this graph has no cycle.
 */
import type { PreparedOperation } from '../prepared-operation.ts';
import { type Assumptions, type DatedFinding, seenPlace } from './assumptions.ts';
import { isWrittenBy, type SeenVersion, type SeenVersions } from './choose-versions.ts';
import { lastAt, type Timelines } from './commit.ts';
import { type CycleStep, OrderGraph } from './order-graph.ts';
import { timeOf } from './past-reads.ts';

/** Returns the indexes of operations in an order that explains the history, or a cycle that forbids any. */
export function findOrder(
  operations: readonly PreparedOperation[],
  { commits, chains, versions }: Timelines,
  seen: SeenVersions,
  assumptions: Assumptions,
): number[] | DatedFinding {
  const reads = operations.filter(({ source }) => source.asOf !== undefined).concat([...seen.keys()]);
  const graph = new OrderGraph([...commits, ...reads]);
  const membersOf = (event: number): readonly PreparedOperation[] =>
    commits[event]?.members ?? [reads[event - commits.length] as PreparedOperation];

  for (const [shard, chain] of chains) {
    for (const [place, commit] of chain.entries()) {
      const next = chain[place + 1];
      if (next !== undefined) graph.add(commit.id, next.id, { text: `committed earlier on shard ${shard}` });
    }
  }
  const addReads = (event: number, operation: PreparedOperation): void => {
    const saw = seen.get(operation) ?? seenAtTime(operation, versions, assumptions);
    const { asOf = Number.POSITIVE_INFINITY } = operation.source;
    for (const { read, place } of saw) {
      const all = versions.get(read.key);
      const [current, next] = [all?.[place], all?.[place + 1]];
      const suspect = { operation, read };
      const what = `${read.key}=${current?.value ?? 'absent'}`;
      if (current !== undefined) {
        graph.add(current.commit.id, event, { text: `wrote ${what}, which was read`, suspect });
      }
      if (next !== undefined && next.commit.timestamp <= asOf) {
        graph.add(event, next.commit.id, { text: `read ${what}, then overwritten`, suspect });
      }
    }
  };
  for (const { id, members } of commits) for (const operation of members) addReads(id, operation);
  for (const [index, read] of reads.entries()) addReads(commits.length + index, read);

  const order = graph.order();
  if (order !== undefined) return order.flatMap((event) => membersOf(event).map(({ index }) => index));
  return cycleFinding(graph.cycle(), membersOf);
}

/** Returns what an operation of a known time saw: what its time holds, unless an older version is assumed. */
function seenAtTime(
  operation: PreparedOperation,
  versions: Timelines['versions'],
  assumptions: Assumptions,
): SeenVersion[] {
  const time = timeOf(operation, assumptions) as number;
  return operation.reads.map((read) => {
    const all = versions.get(read.key) ?? [];
    const last = lastAt(all, time);
    const assumed = assumptions.seen.get(seenPlace({ operation, read }));
    if (assumed === undefined) return { read, place: last };
    const place = assumed < 0 ? -1 : all.findIndex((version) => isWrittenBy(version, assumed));
    return { read, place: Math.min(place, last) };
  });
}

function cycleFinding(
  cycle: readonly CycleStep[],
  membersOf: (event: number) => readonly PreparedOperation[],
): DatedFinding {
  const steps = cycle.map(({ event, reason }) => {
    const names = membersOf(event).map(({ index }) => `#${index}`);
    return `${names.join('+')} ${reason?.text ?? 'returned before the next began'}`;
  });
  return {
    kind: kindOf(cycle, membersOf),
    text: `each comes before the next, and the last before the first: ${steps.join('; ')}`,
    operations: cycle.flatMap(({ event }) => membersOf(event).map(({ source }) => source)),
    suspects: cycle.flatMap(({ reason }) => reason?.suspect ?? []),
  };
}

/** Names the cycles of one read and one commit. */
function kindOf(
  cycle: readonly CycleStep[],
  membersOf: (event: number) => readonly PreparedOperation[],
): DatedFinding['kind'] {
  const isRead = ({ event }: CycleStep): boolean => membersOf(event).every(({ writes }) => writes.size === 0);
  const read = cycle.find(isRead);
  const commit = cycle.find((step) => !isRead(step));
  if (cycle.length !== 2 || read === undefined || commit === undefined) return 'cycle';
  if (read.reason === undefined) return 'future-read';
  return commit.reason === undefined ? 'stale-read' : 'torn-read';
}
