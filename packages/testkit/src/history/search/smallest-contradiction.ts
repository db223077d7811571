/**
 * Makes a history without an order small enough to be read.
 *
 * Whatever is left out, a history with an order would have kept one. So what is left without one contradicts itself:
 *
 *     an early end     what began later is gone, what had not returned is unknown
 *     a key            with all reads and writes of it
 *     a read           nobody would miss it
 *     a write          whose values nobody read: no read can have come between it and the next write
 */
import type { PreparedOperation } from '../prepared-operation.ts';
import { keysOf } from './components.ts';
import { searchOrder } from './search-order.ts';
import { settleUnknownWrites } from './unknown-writes.ts';

type Operations = readonly PreparedOperation[];

/** The most steps to find out whether something can be left out; what takes longer stays. */
const STEPS_MAX = 20_000;

/** Returns a part of the operations that has no order either, and from which nothing else can be left out so. */
export function smallestContradiction(operations: Operations): Operations {
  let left = shortestPrefix(operations);
  const keepIfContradictory = (candidate: Operations): void => {
    if (candidate.length > 0 && hasNoOrder(candidate)) left = candidate;
  };
  for (let size = Number.POSITIVE_INFINITY; sizeOf(left) < size; ) {
    size = sizeOf(left);
    for (const key of new Set(left.flatMap(keysOf))) keepIfContradictory(withoutKey(left, key));
    for (const operation of left) keepIfContradictory(withoutReads(left, operation.index));
    for (const operation of left)
      if (isUnread(left, operation)) keepIfContradictory(without(left, operation.index));
  }
  return left;
}

function hasNoOrder(operations: Operations): boolean {
  return searchOrder(settleUnknownWrites(operations), { steps: STEPS_MAX }) === 'none';
}

function sizeOf(operations: Operations): number {
  return operations.reduce((size, { reads, writes }) => size + 1 + reads.length + writes.size, 0);
}

/** Searches for the earliest end: once a history has no order, no continuation has one. */
function shortestPrefix(operations: Operations): Operations {
  const ends = [...new Set(operations.filter(({ isKnown }) => isKnown).map(({ returned }) => returned))];
  ends.sort((one, two) => one - two);
  let [low, high] = [0, ends.length - 1];
  let shortest = operations;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const prefix = prefixUntil(operations, ends[middle] as number);
    if (hasNoOrder(prefix)) {
      shortest = prefix;
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return shortest;
}

function prefixUntil(operations: Operations, end: number): Operations {
  return operations
    .filter(({ invoked }) => invoked <= end)
    .filter(({ returned, writes }) => returned <= end || writes.size > 0)
    .map((operation) =>
      operation.returned <= end
        ? operation
        : { ...operation, returned: Number.POSITIVE_INFINITY, isKnown: false },
    );
}

function withoutKey(operations: Operations, key: string): Operations {
  return operations
    .map((operation) => ({
      ...operation,
      reads: operation.reads.filter((read) => read.key !== key),
      writes: new Map([...operation.writes].filter(([written]) => written !== key)),
    }))
    .filter((operation) => keysOf(operation).length > 0);
}

function withoutReads(operations: Operations, index: number): Operations {
  return operations
    .map((operation) => (operation.index === index ? { ...operation, reads: [] } : operation))
    .filter((operation) => keysOf(operation).length > 0);
}

function without(operations: Operations, index: number): Operations {
  return operations.filter((operation) => operation.index !== index);
}

function isUnread(operations: Operations, { writes }: PreparedOperation): boolean {
  return !operations.some(({ reads }) =>
    reads.some(({ key, value }) => writes.has(key) && writes.get(key) === value),
  );
}
