/**
 * Balancing resources with loads: nobody can hit the exact quota, so nodes near theirs are left alone, and of what is
 * above only a part is moved at a time: loads are measured, and a plan that follows every measurement never rests.
 *
 * Invariants:
 * - A move never leaves the node that it went to with more, for its weight, than the one that it came from.
 */
import { NodeHeap } from './node-heap.ts';
import type { Item, Plan, Site } from './plan.ts';

/** When to act, and how much. */
export interface LoadBalance {
  readonly tolerance: number;
  readonly damping: number;
}

/** Places orphans, empties draining nodes, then relieves those that have too much. */
export function balanceByLoad(plan: Plan, { tolerance, damping }: LoadBalance): void {
  const least = new NodeHeap(plan.open);
  // The heaviest first: what is small fills the gaps.
  for (const item of plan.orphans.splice(0).sort(heaviestFirst)) {
    plan.adopt(item, least.top());
    least.settleTop();
  }
  for (const from of plan.draining) {
    for (const item of [...from.items].sort(heaviestFirst)) {
      if (!plan.move(item, from, least.top())) return;
      least.settleTop();
    }
  }
  const perWeight = plan.totalLoad / plan.openWeight;
  const isAbove = ({ load, weight }: Site): boolean => load > perWeight * weight * (1 + tolerance);
  const above = plan.open
    .filter(isAbove)
    .sort((left, right) => right.load / right.weight - left.load / left.weight);
  for (const from of above) {
    const floor = from.load - damping * (from.load - perWeight * from.weight);
    for (const item of [...from.items].sort(heaviestFirst)) {
      if (!isAbove(from) || from.load <= floor) break;
      const to = least.top();
      if (to === from || !helps(item, from, to)) continue;
      if (!plan.move(item, from, to)) return;
      least.settleTop();
    }
  }
}

function helps({ load }: Item, from: Site, to: Site): boolean {
  return (to.load + load) / to.weight < from.load / from.weight;
}

function heaviestFirst(left: Item, right: Item): number {
  return right.load - left.load;
}
