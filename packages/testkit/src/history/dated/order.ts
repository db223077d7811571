/**
 * The one order: commits and linearizable reads, and what each has to come before.
 *
 *     commit ──► next commit of the shard           by timestamp
 *     commit ──► who saw its version ──► commit that overwrote the version
 *     who returned ──► time ──► time ──► who was invoked later
 *
 * The last kind would take an edge for every pair. It goes through one node per moment of a return instead, so that
 * the graph is linear in the size of the history. The history has an order if and only if this graph has no cycle.
 */
import type { PreparedOperation } from '../prepared-operation.ts';
import type { DatedFinding } from './assumptions.ts';
import type { SeenVersion, SeenVersions } from './choose-versions.ts';
import { lastAt, type Timelines } from './commit.ts';
import { type CycleStep, OrderGraph } from './order-graph.ts';

/** Returns the indexes of operations in an order that explains the history, or a cycle that forbids any. */
export function findOrder(
  { commits, chains, versions }: Timelines,
  seen: SeenVersions,
): number[] | DatedFinding {
  const reads = [...seen.keys()];
  const graph = new OrderGraph([...commits, ...reads]);
  const membersOf = (event: number): readonly PreparedOperation[] =>
    commits[event]?.members ?? [reads[event - commits.length] as PreparedOperation];

  for (const [shard, chain] of chains) {
    for (const [place, commit] of chain.entries()) {
      const next = chain[place + 1];
      if (next !== undefined) graph.add(commit.id, next.id, { text: `committed earlier on shard ${shard}` });
    }
  }
  const addRead = (event: number, operation: PreparedOperation, { read, place }: SeenVersion): void => {
    const all = versions.get(read.key);
    const [current, next] = [all?.[place], all?.[place + 1]];
    const suspect = { operation, read };
    const what = `${read.key}=${current?.value ?? 'absent'}`;
    if (current !== undefined)
      graph.add(current.commit.id, event, { text: `wrote ${what}, which was read`, suspect });
    if (next !== undefined)
      graph.add(event, next.commit.id, { text: `read ${what}, then overwritten`, suspect });
  };
  for (const { id, members, timestamp } of commits) {
    for (const operation of members) {
      for (const read of operation.reads) {
        const place = lastAt(versions.get(read.key) ?? [], timestamp - 1);
        addRead(id, operation, { read, place });
      }
    }
  }
  for (const [index, read] of reads.entries()) {
    for (const version of seen.get(read) ?? []) addRead(commits.length + index, read, version);
  }

  const order = graph.order();
  if (order !== undefined) return order.flatMap((event) => membersOf(event).map(({ index }) => index));
  return cycleFinding(graph.cycle(), membersOf);
}

function cycleFinding(
  cycle: readonly CycleStep[],
  membersOf: (event: number) => readonly PreparedOperation[],
): DatedFinding {
  const steps = cycle.map(({ event, reason }) => {
    const names = membersOf(event).map(({ index }) => `#${index}`);
    return `${names.join('+')} ${reason?.text ?? 'returned before the next began'}`;
  });
  // A read that comes both before and after one commit saw a part of it.
  const isTorn =
    cycle.length === 2 &&
    cycle.every(({ reason }) => reason?.suspect !== undefined) &&
    cycle.some(({ event }) => membersOf(event).every(({ writes }) => writes.size === 0));
  return {
    kind: isTorn ? 'torn-read' : 'cycle',
    text: `each comes before the next, and the last before the first: ${steps.join('; ')}`,
    operations: cycle.flatMap(({ event }) => membersOf(event).map(({ source }) => source)),
    suspects: cycle.flatMap(({ reason }) => reason?.suspect ?? []),
  };
}
