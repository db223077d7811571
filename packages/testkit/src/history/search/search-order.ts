/**
 * Looks for an order that explains a history without timestamps, by trying them all.
 *
 * The search of Wing and Gong (1993) with the memory of Lowe (2017), as in Porcupine: from the earliest invocation on,
 * take an operation that nothing left precedes and whose reads agree with the state; where none does, go back.
 *
 *     events    [a  [b  a]  [c  b]  c]         a call is "[", its return "]"
 *                ▲   ▲  └ nothing beyond the first return may be taken before its call is
 *                └───┴ these may be taken
 *
 * Invariants:
 * - The same set of operations leading to the same state is not tried twice.
 * - A read that fits is taken at once and never put back on its own: it changes nothing for the others.
 */
import type { HistoryValue } from '../history-operation.ts';
import type { PreparedOperation } from '../prepared-operation.ts';
import { keysOf } from './components.ts';

/** The indexes of operations in order, `none`, or `undefined` if the steps did not suffice. */
export type SearchOutcome = readonly number[] | 'none' | undefined;

// Below the surrogates, so that all marks make texts.
const MARK_BITS = 15;
const MARK_FULL = 2 ** MARK_BITS - 1;

/** Counts down the steps of a search. */
export interface Budget {
  steps: number;
}

interface Event {
  readonly operation: PreparedOperation;
  readonly number: number;
  readonly isCall: boolean;
  next: Event | undefined;
  previous: Event | undefined;
}

interface Taken {
  readonly call: Event;
  readonly before: ReadonlyMap<string, HistoryValue>;
}

/** Searches an order of the operations: all known ones, and any of the others. */
export function searchOrder(operations: readonly PreparedOperation[], budget: Budget): SearchOutcome {
  const { head, returns } = eventList(operations);
  const state = new Map<string, HistoryValue>();
  const taken: Taken[] = [];
  const marks = new Uint16Array(Math.ceil(operations.length / MARK_BITS));
  const visited = new Set<string>();
  const textOf = stateText([...new Set(operations.flatMap(keysOf))]);
  let missing = operations.filter(({ isKnown }) => isKnown).length;

  // Long histories are taken nearly in order: only marks beyond those that are full tell situations apart.
  let full = 0;
  const toggle = (number: number): void => {
    const word = Math.floor(number / MARK_BITS);
    marks[word] = (marks[word] as number) ^ (1 << (number % MARK_BITS));
    full = Math.min(full, word);
  };
  const agrees = ({ operation }: Event): boolean =>
    operation.reads.every(({ key, value }) => state.get(key) === value);
  const take = (call: Event): void => {
    const { operation, number } = call;
    taken.push({ call, before: new Map([...operation.writes.keys()].map((key) => [key, state.get(key)])) });
    for (const [key, value] of operation.writes) state.set(key, value);
    toggle(number);
    unlink(call);
    unlink(returns[number]);
    if (operation.isKnown) missing -= 1;
  };
  const putBack = ({ call, before }: Taken): void => {
    const { operation, number } = call;
    for (const [key, value] of before) state.set(key, value);
    toggle(number);
    relink(returns[number]);
    relink(call);
    if (operation.isKnown) missing += 1;
  };
  const takeReads = (): void => {
    let call = head.next;
    while (call?.isCall) {
      const isFitting = !isWrite(call) && agrees(call);
      if (isFitting) take(call);
      call = isFitting ? head.next : call.next;
    }
  };

  const isVisited = (): boolean => {
    while (marks[full] === MARK_FULL) full += 1;
    let end = marks.length;
    while (end > full && marks[end - 1] === 0) end -= 1;
    const situation = `${full} ${String.fromCharCode(...marks.subarray(full, end))} ${textOf(state)}`;
    const isKnown = visited.has(situation);
    visited.add(situation);
    return isKnown;
  };

  takeReads();
  let event = head.next;
  while (missing > 0) {
    budget.steps -= 1;
    if (budget.steps < 0) return undefined;
    if (event?.isCall) {
      if (!isWrite(event) || !agrees(event)) {
        event = event.next;
        continue;
      }
      take(event);
      if (!isVisited()) {
        takeReads();
        event = head.next;
        continue;
      }
    }
    // It led where the search has been; or a return came whose call was not taken, so that some write was wrong.
    let wrong = taken.pop();
    for (; wrong !== undefined && !isWrite(wrong.call); wrong = taken.pop()) putBack(wrong);
    if (wrong === undefined) return 'none';
    putBack(wrong);
    event = wrong.call.next;
  }
  return taken.map(({ call }) => call.operation.index);
}

/** Returns the events in the order of time, calls before returns, behind a head that is never taken. */
function eventList(operations: readonly PreparedOperation[]): {
  readonly head: Event;
  readonly returns: readonly (Event | undefined)[];
} {
  const sorted = [...operations].sort((one, two) => one.invoked - two.invoked || one.index - two.index);
  const make = (operation: PreparedOperation, number: number, isCall: boolean): Event => ({
    operation,
    number,
    isCall,
    next: undefined,
    previous: undefined,
  });
  const calls = sorted.map((operation, number) => make(operation, number, true));
  const returns = sorted.map((operation, number) =>
    operation.isKnown ? make(operation, number, false) : undefined,
  );
  const timeOf = ({ isCall, operation }: Event): number => (isCall ? operation.invoked : operation.returned);
  const events = [...calls, ...returns.filter((event) => event !== undefined)].sort(
    (one, two) => timeOf(one) - timeOf(two) || Number(two.isCall) - Number(one.isCall),
  );
  const head = make(sorted[0] as PreparedOperation, -1, false);
  let last = head;
  for (const event of events) {
    last.next = event;
    event.previous = last;
    last = event;
  }
  return { head, returns };
}

function isWrite({ operation }: Event): boolean {
  return operation.writes.size > 0;
}

function unlink(event: Event | undefined): void {
  if (event?.previous !== undefined) event.previous.next = event.next;
  if (event?.next !== undefined) event.next.previous = event.previous;
}

/** Puts an event back where it was; the last one unlinked comes first. */
function relink(event: Event | undefined): void {
  if (event?.previous !== undefined) event.previous.next = event;
  if (event?.next !== undefined) event.next.previous = event;
}

/** Returns a function that writes a state over these keys as text, equal for equal states. */
function stateText(keys: readonly string[]): (state: ReadonlyMap<string, HistoryValue>) => string {
  const names = new Map<HistoryValue, number>([[undefined, 0]]);
  const nameOf = (value: HistoryValue): number => {
    const name = names.get(value) ?? names.size;
    names.set(value, name);
    return name;
  };
  return (state) => keys.map((key) => nameOf(state.get(key))).join();
}
