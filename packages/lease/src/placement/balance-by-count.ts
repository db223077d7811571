/**
 * Balancing resources that all weigh the same: everybody gets the whole part of its quota, and what is left over goes
 * where it costs no move.
 *
 *     20 nodes with 51 or 52 of 1,024, and an empty one: quota 48.76
 *     shares: 48 each, and one more for 16 of those that have more than 48    moves: 48, all to the new node
 *
 * Invariants:
 * - A share is the quota rounded down or up. Shares add up to the number of resources.
 * - A node gives only what is above its share, and gets only up to its share.
 */
import type { Plan, Site } from './plan.ts';

/** Places orphans, empties draining nodes, then levels the others. */
export function balanceByCount(plan: Plan): void {
  const shares = sharesOf(plan);
  const missing = plan.open.flatMap((site) => {
    const count = (shares.get(site) ?? 0) - site.items.length;
    return count > 0 ? [{ site, count }] : [];
  });
  // The emptiest first, so that a plan that is cut short helps those who have least.
  missing.sort((left, right) => right.count / right.site.weight - left.count / left.site.weight);
  const nextSite = (): Site | undefined => {
    const [first] = missing;
    if (first === undefined) return undefined;
    first.count -= 1;
    missing.shift();
    if (first.count > 0) missing.push(first);
    return first.site;
  };
  // Shares add up to all there is, and only those above theirs give: there is a place for each of these.
  for (const item of plan.orphans.splice(0)) plan.adopt(item, nextSite() ?? (plan.open[0] as Site));
  for (const from of [...plan.draining, ...byExcess(plan, shares)]) {
    while (from.items.length > (shares.get(from) ?? 0) && plan.movesLeft >= 1) {
      const item = from.items.at(-1);
      const to = nextSite();
      if (item === undefined || to === undefined) return;
      plan.move(item, from, to);
    }
  }
}

/** The nodes that have too much, those with most first. */
function byExcess({ open }: Plan, shares: ReadonlyMap<Site, number>): Site[] {
  const excess = (site: Site): number => (site.items.length - (shares.get(site) ?? 0)) / site.weight;
  return open.filter((site) => excess(site) > 0).sort((left, right) => excess(right) - excess(left));
}

function sharesOf(plan: Plan): Map<Site, number> {
  const { open, openWeight, itemsCount } = plan;
  const parts = open.map((site) => {
    const quota = (itemsCount * site.weight) / openWeight;
    const whole = Math.floor(quota);
    return { site, whole, rest: quota - whole, isAbove: site.items.length > whole };
  });
  let left = itemsCount - parts.reduce((sum, { whole }) => sum + whole, 0);
  // Rounding up for those who have it already saves a move each; then the largest remainders.
  const inOrder = [...parts].sort((a, b) => Number(b.isAbove) - Number(a.isAbove) || b.rest - a.rest);
  const shares = new Map<Site, number>();
  for (const { site, whole, rest } of inOrder) {
    const isUp = left > 0 && (rest > 0 || inOrder.length === 1);
    shares.set(site, isUp ? whole + 1 : whole);
    if (isUp) left -= 1;
  }
  return shares;
}
