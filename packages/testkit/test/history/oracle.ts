/**
 * A judge that tries everything: all orders, all timestamps of unknown writes, all cuts of stale reads. Its answers are
 * obvious and take exponential time; for histories of a few point reads and writes.
 */
import type { HistoryOperation } from '../../src/index.ts';

type State = ReadonlyMap<string, string | undefined>;

/** An operation with what is assumed of its timestamp. */
interface Event {
  readonly operation: HistoryOperation;
  readonly date: number | undefined;
}

/** Tells whether some order explains a history without timestamps. */
export function hasOrder(history: readonly HistoryOperation[]): boolean {
  const events = history
    .filter(({ outcome }) => outcome !== 'failed')
    .map((operation) => ({ operation, date: undefined }));
  return orders(
    events,
    () => true,
    () => true,
  );
}

/** Tells whether some order explains a history with timestamps on these shards. */
export function hasDatedOrder(
  history: readonly HistoryOperation[],
  shardOf: (key: string) => number,
): boolean {
  // A read that never returned has nothing to say.
  const able = history.filter(
    (operation) => operation.outcome === 'ok' || (operation.outcome === 'unknown' && isWrite(operation)),
  );
  const datesMax = 2 + Math.max(0, ...able.map(({ asOf = 0, timestamp = 0 }) => Math.max(asOf, timestamp)));
  return assignDates(able, 0, [], datesMax, (events) => explains(events, shardOf));
}

function assignDates(
  operations: readonly HistoryOperation[],
  index: number,
  events: readonly Event[],
  datesMax: number,
  holds: (events: readonly Event[]) => boolean,
): boolean {
  const operation = operations[index];
  if (operation === undefined) return holds(events);
  const next = (date: number | undefined): boolean =>
    assignDates(operations, index + 1, [...events, { operation, date }], datesMax, holds);
  if (!isWrite(operation) || operation.timestamp !== undefined) return next(operation.timestamp);
  if (assignDates(operations, index + 1, events, datesMax, holds)) return true;
  for (let date = 1; date <= datesMax; date += 1) if (next(date)) return true;
  return false;
}

function explains(events: readonly Event[], shardOf: (key: string) => number): boolean {
  const shardsOf = ({ operation }: Event): Set<number> =>
    new Set(operation.writes?.map(({ key }) => shardOf(key)));
  const meet = (one: Event, two: Event): boolean =>
    [...shardsOf(one)].some((shard) => shardsOf(two).has(shard));
  const commits = events
    .filter(({ operation }) => isWrite(operation))
    .sort((one, two) => (one.date as number) - (two.date as number));
  for (const one of commits) {
    if (commits.some((two) => two !== one && two.date === one.date && meet(one, two))) return false;
  }
  const stateAt = (time: number): State => stateOf(commits.filter(({ date }) => (date as number) <= time));
  for (const { operation, date } of events) {
    const time = isWrite(operation) ? (date as number) - 1 : operation.asOf;
    if (time !== undefined && !agrees(operation, stateAt(time))) return false;
  }
  const ordered = events.filter(({ operation }) => !isStale(operation));
  const stale = events.filter(({ operation }) => isStale(operation)).sort(byInvocation);
  const isNext = (event: Event, rest: readonly Event[]): boolean =>
    !isWrite(event.operation) ||
    !rest.some(
      (other) =>
        isWrite(other.operation) && (other.date as number) < (event.date as number) && meet(event, other),
    );
  return orders(
    ordered.map((event) => ({
      ...event,
      operation: { ...event.operation, outcome: 'ok' } as HistoryOperation,
      source: event.operation,
    })),
    isNext,
    (order) => hasCuts(stale, order, commits, shardsOf),
  );
}

/** Tries to put events one after the other; all known ones, any of the others. */
function orders(
  events: readonly (Event & { readonly source?: HistoryOperation })[],
  isNext: (event: Event, rest: readonly Event[]) => boolean,
  holds: (order: readonly Event[]) => boolean,
  order: readonly Event[] = [],
): boolean {
  if (events.every(({ operation }) => operation.outcome === 'unknown') && holds(order)) return true;
  return events.some((event) => {
    const { operation } = event;
    const { asOf = Number.POSITIVE_INFINITY } = operation;
    const state = stateOf(order.filter(({ date = 0 }) => date <= asOf));
    const isEarly = !events.some(
      (other) => other !== event && precedes(other.source ?? other.operation, operation),
    );
    if (
      !isEarly ||
      !isNext(
        event,
        events.filter((other) => other !== event),
      ) ||
      !agrees(operation, state)
    )
      return false;
    return orders(
      events.filter((other) => other !== event),
      isNext,
      holds,
      [...order, event],
    );
  });
}

/** Tries all cuts for the stale reads, one read after the other. */
function hasCuts(
  stale: readonly Event[],
  order: readonly Event[],
  commits: readonly Event[],
  shardsOf: (event: Event) => Set<number>,
  found: readonly (readonly [HistoryOperation, ReadonlySet<Event>])[] = [],
): boolean {
  const [first, ...others] = stale;
  if (first === undefined) return true;
  const { operation } = first;
  const known = knownTo(operation, order, commits, found);
  return subsets(commits).some((cut) => {
    const isDown = [...cut].every((commit) =>
      commits.every(
        (older) =>
          cut.has(older) ||
          (older.date as number) > (commit.date as number) ||
          ![...shardsOf(older)].some((shard) => shardsOf(commit).has(shard)),
      ),
    );
    if (!isDown || [...known].some((commit) => !cut.has(commit))) return false;
    if ([...cut].some((commit) => commit.operation.invoked > (operation.returned as number))) return false;
    if (!agrees(operation, stateOf(commits.filter((commit) => cut.has(commit))))) return false;
    return hasCuts(others, order, commits, shardsOf, [...found, [operation, cut]]);
  });
}

function knownTo(
  { invoked, process, stalenessMax = 0 }: HistoryOperation,
  order: readonly Event[],
  commits: readonly Event[],
  found: readonly (readonly [HistoryOperation, ReadonlySet<Event>])[],
): Set<Event> {
  const known = new Set<Event>();
  for (const commit of commits) {
    const { outcome, process: writer, returned = 0 } = commit.operation;
    const bound = writer === process ? invoked : invoked - stalenessMax;
    if (outcome === 'ok' && returned < bound) known.add(commit);
  }
  for (const [read, cut] of found) {
    if (read.process === process && (read.returned as number) < invoked)
      for (const commit of cut) known.add(commit);
  }
  for (const [index, { operation }] of order.entries()) {
    if (isWrite(operation) || operation.process !== process || (operation.returned as number) >= invoked)
      continue;
    for (const { key } of operation.reads ?? []) {
      const seen = order
        .slice(0, index)
        .findLast((other) => other.operation.writes?.some((write) => write.key === key));
      const commit = commits.find(
        ({ operation }) => seen !== undefined && sameCall(operation, seen.operation),
      );
      if (commit !== undefined) known.add(commit);
    }
  }
  return known;
}

function sameCall(one: HistoryOperation, two: HistoryOperation): boolean {
  return one.writes === two.writes;
}

function subsets(commits: readonly Event[]): Set<Event>[] {
  return commits.reduce<Set<Event>[]>(
    (all, commit) => [...all, ...all.map((some) => new Set([...some, commit]))],
    [new Set()],
  );
}

function precedes(one: HistoryOperation, two: HistoryOperation): boolean {
  return one.outcome === 'ok' && (one.returned as number) < two.invoked;
}

function byInvocation(one: Event, two: Event): number {
  return one.operation.invoked - two.operation.invoked;
}

function isWrite({ writes = [] }: HistoryOperation): boolean {
  return writes.length > 0;
}

function isStale({ stalenessMax = 0 }: HistoryOperation): boolean {
  return stalenessMax > 0;
}

function stateOf(events: readonly Event[]): State {
  return new Map(
    events.flatMap(({ operation }) =>
      (operation.writes ?? []).map(({ key, value }) => [key, value] as const),
    ),
  );
}

function agrees({ reads = [] }: HistoryOperation, state: State): boolean {
  return reads.every(({ key, value }) => state.get(key) === value);
}
