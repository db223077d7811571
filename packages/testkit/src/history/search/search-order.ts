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
 */
import type { HistoryRead, HistoryValue } from '../history-operation.ts';
import type { PreparedOperation } from '../prepared-operation.ts';
import { keysOf } from './components.ts';

/** The indexes of operations in order, `none`, or `undefined` if the steps did not suffice. */
export type SearchOutcome = readonly number[] | 'none' | undefined;

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
  const marks = new Uint16Array(Math.ceil(operations.length / 15));
  const visited = new Set<string>();
  const textOf = stateText([...new Set(operations.flatMap(keysOf))]);
  let missing = operations.filter(({ isKnown }) => isKnown).length;

  const mark = (number: number): void => {
    const word = Math.floor(number / 15);
    marks[word] = (marks[word] as number) ^ (1 << (number % 15));
  };

  let event = head.next;
  while (missing > 0) {
    budget.steps -= 1;
    if (budget.steps < 0) return undefined;
    if (event?.isCall) {
      const { operation, number } = event;
      if (operation.reads.every((read) => agrees(state, read))) {
        const before = new Map([...operation.writes.keys()].map((key) => [key, state.get(key)]));
        for (const [key, value] of operation.writes) state.set(key, value);
        mark(number);
        const situation = `${String.fromCharCode(...marks)} ${textOf(state)}`;
        if (!visited.has(situation)) {
          visited.add(situation);
          taken.push({ call: event, before });
          unlink(event);
          const end = returns[number];
          if (end !== undefined) unlink(end);
          if (operation.isKnown) missing -= 1;
          event = head.next;
          continue;
        }
        mark(number);
        for (const [key, value] of before) state.set(key, value);
      }
      event = event.next;
      continue;
    }
    // A return whose call was not taken in time, or the end: something taken earlier was wrong.
    const last = taken.pop();
    if (last === undefined) return 'none';
    const { operation, number } = last.call;
    mark(number);
    for (const [key, value] of last.before) state.set(key, value);
    const end = returns[number];
    if (end !== undefined) relink(end);
    relink(last.call);
    if (operation.isKnown) missing += 1;
    event = last.call.next;
  }
  return taken.map(({ call }) => call.operation.index);
}

function agrees(state: ReadonlyMap<string, HistoryValue>, { key, value }: HistoryRead): boolean {
  return state.get(key) === value;
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

function unlink({ next, previous }: Event): void {
  if (previous !== undefined) previous.next = next;
  if (next !== undefined) next.previous = previous;
}

/** Puts an event back where it was; the last one unlinked comes first. */
function relink(event: Event): void {
  if (event.previous !== undefined) event.previous.next = event;
  if (event.next !== undefined) event.next.previous = event;
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
