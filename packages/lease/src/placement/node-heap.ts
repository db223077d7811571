/** A binary heap of nodes: the one with the least load for its weight is on top. */
import type { Site } from './plan.ts';

/** See the module. Only the node on top may change, and then it has to be settled; others only lose load. */
export class NodeHeap {
  readonly #sites: Site[];

  /** Orders the nodes, of which there is at least one. */
  constructor(sites: readonly Site[]) {
    // A sorted array is a heap.
    this.#sites = [...sites].sort(compareLoad);
  }

  /** Returns the node with the least load. */
  top(): Site {
    return this.#sites[0] as Site;
  }

  /** Finds the place of the node on top, which got more load. */
  settleTop(): void {
    const sites = this.#sites;
    let place = 0;
    for (;;) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < sites.length && compareLoad(sites[child] as Site, sites[least] as Site) < 0)
          least = child;
      }
      if (least === place) return;
      const moved = sites[place] as Site;
      sites[place] = sites[least] as Site;
      sites[least] = moved;
      place = least;
    }
  }
}

function compareLoad(left: Site, right: Site): number {
  return left.load / left.weight - right.load / right.weight;
}
