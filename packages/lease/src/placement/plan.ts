/** A plan in the making: what every node has, and what has moved so far. */
import type { Placement, PlacementMove, PlacementNode, PlacementResource } from './place.ts';

/** A resource as the plan sees it. */
export interface Item {
  readonly name: string;
  readonly load: number;
  /** The node that had it before, also one that is gone. */
  readonly from: string | undefined;
}

/** A node and what it has. */
export interface Site {
  readonly name: string;
  readonly weight: number;
  readonly isDraining: boolean;
  readonly items: Item[];
  load: number;
}

/** See the module. */
export class Plan {
  /** The nodes that can be given something, by name. */
  readonly open: readonly Site[];
  /** Nodes that want to be rid of what they have. */
  readonly draining: readonly Site[];
  /** What no known node has. */
  readonly orphans: Item[] = [];
  /** Resources that have a node, and all of them. */
  readonly itemsCount: number;
  readonly totalLoad: number;
  readonly #sites: readonly Site[];
  readonly #order: readonly string[];
  readonly #moves: PlacementMove[] = [];
  #movesLeft: number;

  /** Begins a plan with what is; `resources` are in the order of their names. */
  constructor(resources: readonly PlacementResource[], nodes: readonly PlacementNode[], movesMax: number) {
    this.#sites = [...nodes]
      .sort((left, right) => compareNames(left.name, right.name))
      .map(({ name, weight = 1, draining = false }) => ({
        name,
        weight,
        isDraining: draining,
        items: [],
        load: 0,
      }));
    this.open = this.#sites.filter(({ isDraining }) => !isDraining);
    this.draining = this.#sites.filter(({ isDraining }) => isDraining);
    this.itemsCount = resources.length;
    this.#order = resources.map(({ name }) => name);
    this.#movesLeft = movesMax;
    const byName = new Map(this.#sites.map((site) => [site.name, site]));
    let totalLoad = 0;
    for (const { name, load = 1, node } of resources) {
      const item: Item = { name, load, from: node };
      const site = node === undefined ? undefined : byName.get(node);
      if (site === undefined) this.orphans.push(item);
      else {
        site.items.push(item);
        site.load += load;
      }
      totalLoad += load;
    }
    this.totalLoad = totalLoad;
  }

  /** The weight of all nodes that can be given something. */
  get openWeight(): number {
    return this.open.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** How many more resources may be taken from nodes that have them. */
  get movesLeft(): number {
    return this.#movesLeft;
  }

  /** Gives an orphan to a node. */
  adopt(item: Item, to: Site): void {
    this.#put(item, to);
  }

  /** Moves a resource that `from` has, if there is a move left; tells whether there was. */
  move(item: Item, from: Site, to: Site): boolean {
    if (this.#movesLeft < 1) return false;
    this.#movesLeft -= 1;
    from.items.splice(from.items.lastIndexOf(item), 1);
    from.load -= item.load;
    this.#put(item, to);
    return true;
  }

  /** Returns the plan as it is now. */
  result(): Placement {
    const placed = new Map<string, string>();
    for (const { name, items } of this.#sites) for (const item of items) placed.set(item.name, name);
    const nodes = new Map<string, string>();
    for (const name of this.#order) {
      const node = placed.get(name);
      if (node !== undefined) nodes.set(name, node);
    }
    return { nodes, moves: this.#moves };
  }

  #put(item: Item, to: Site): void {
    to.items.push(item);
    to.load += item.load;
    this.#moves.push({ resource: item.name, from: item.from, to: to.name });
  }
}

/** Compares by UTF-16 units: any order does that is the same everywhere. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
