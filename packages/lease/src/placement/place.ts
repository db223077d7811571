/**
 * Placement: which node should hold which resource, as a pure function of what is, so that it can be tested, and asked
 * "what if".
 *
 *     resources ──► orphans: their node is gone or was never named      placed at once, on the least loaded
 *               ──► on a draining node                                  moved away first
 *               ──► on a node above its share                           moved, as few as possible
 *               ──► all others                                          stay
 *
 * A node's share follows its weight. While all resources weigh the same, shares are whole numbers that differ from the
 * exact quota by less than one, and the number of moves is the least that gives everyone its share. With loads, nodes
 * within a tolerance of their quota are left alone, and of what is above only a part is moved at a time.
 *
 * Invariants:
 * - Everything is placed, as long as there is a node that is not draining; draining nodes get nothing new.
 * - The same input gives the same plan, in whatever order it comes.
 */
import { ClorthoError } from '@clortho/base';
import { balanceByCount } from './balance-by-count.ts';
import { balanceByLoad } from './balance-by-load.ts';
import { compareNames, Plan } from './plan.ts';

/** A node that can hold resources. */
export interface PlacementNode {
  readonly name: string;
  /** How much more it can hold than a node of weight 1; 1 by default. */
  readonly weight?: number | undefined;
  /** Whether it wants to be rid of what it holds. */
  readonly draining?: boolean | undefined;
}

/** A resource to be held. */
export interface PlacementResource {
  readonly name: string;
  /** How much work it is; 1 by default. */
  readonly load?: number | undefined;
  /** The node that holds it, or is about to; `undefined` if none does. */
  readonly node?: string | undefined;
}

/** Options of {@link place}. */
export interface PlacementOptions {
  /** The most resources that are taken from nodes that have them; all that helps by default. Orphans do not count. */
  readonly movesMax?: number | undefined;
  /** With loads: how far beside its quota a node may be, as a fraction; 0.1 by default. */
  readonly tolerance?: number | undefined;
  /** With loads: which part of what a node has too much is moved at a time; 0.6 by default. */
  readonly damping?: number | undefined;
}

/** One resource that changes its node. */
export interface PlacementMove {
  readonly resource: string;
  /** `undefined` for an orphan. */
  readonly from: string | undefined;
  readonly to: string;
}

/** What {@link place} decides. */
export interface Placement {
  /** The node of every resource that is placed, in the order of names. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly moves: readonly PlacementMove[];
}

/** The defaults are those of the Kinesis client library, which balances shards by load. */
const TOLERANCE = 0.1;
const DAMPING = 0.6;

/**
 * Decides where resources should be. Takes time in proportion to resources × log(nodes).
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a name comes twice, a weight or load is not positive and finite, or an
 *   option is out of range.
 */
export function place(
  resources: readonly PlacementResource[],
  nodes: readonly PlacementNode[],
  options: PlacementOptions = {},
): Placement {
  const { movesMax = Number.POSITIVE_INFINITY, tolerance = TOLERANCE, damping = DAMPING } = options;
  check(resources, nodes, { movesMax, tolerance, damping });
  const byName = [...resources].sort((left, right) => compareNames(left.name, right.name));
  const plan = new Plan(byName, nodes, movesMax);
  if (plan.open.length > 0) {
    const [first] = byName;
    const isEven = byName.every(({ load }) => (load ?? 1) === (first?.load ?? 1));
    if (isEven) balanceByCount(plan);
    else balanceByLoad(plan, { tolerance, damping });
  }
  return plan.result();
}

function check(
  resources: readonly PlacementResource[],
  nodes: readonly PlacementNode[],
  { movesMax, tolerance, damping }: Required<{ [Name in keyof PlacementOptions]: number }>,
): void {
  checkNames('resource', resources);
  checkNames('node', nodes);
  for (const { name, load = 1 } of resources) {
    if (!(load > 0 && Number.isFinite(load)))
      throw new ClorthoError('CLORTHO_INVALID', `a load is positive: resource=${name} load=${load}`);
  }
  for (const { name, weight = 1 } of nodes) {
    if (!(weight > 0 && Number.isFinite(weight)))
      throw new ClorthoError('CLORTHO_INVALID', `a weight is positive: node=${name} weight=${weight}`);
  }
  if (!(movesMax >= 0) || !(tolerance >= 0) || !(damping > 0 && damping <= 1)) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `placement options out of range: movesMax=${movesMax} tolerance=${tolerance} damping=${damping}`,
    );
  }
}

function checkNames(what: string, named: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (seen.has(name)) throw new ClorthoError('CLORTHO_INVALID', `a ${what} comes twice: name=${name}`);
    seen.add(name);
  }
}
