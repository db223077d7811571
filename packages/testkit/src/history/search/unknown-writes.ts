/**
 * What reads give away about unknown writes, so that a search has less to try.
 *
 * Invariants:
 * - A history has an order before if and only if it has one after.
 */
import { type PreparedOperation, placeOf } from '../prepared-operation.ts';

/**
 * Drops unknown writes whose values nobody read: no read could have come between them and the next write, so leaving
 * them out changes nothing. Takes one whose value was read and can come from nowhere else for acknowledged, at the
 * latest when the first such read returned.
 */
export function settleUnknownWrites(operations: readonly PreparedOperation[]): PreparedOperation[] {
  const writerCounts = new Map<string, number>();
  const firstReturns = new Map<string, number>();
  for (const { isKnown, reads, returned, writes } of operations) {
    for (const [key, value] of writes) {
      const place = placeOf(key, value);
      writerCounts.set(place, (writerCounts.get(place) ?? 0) + 1);
    }
    for (const { key, value } of reads) {
      const place = placeOf(key, value);
      const first = isKnown ? returned : Number.POSITIVE_INFINITY;
      firstReturns.set(place, Math.min(firstReturns.get(place) ?? Number.POSITIVE_INFINITY, first));
    }
  }
  return operations.flatMap((operation) => {
    if (operation.isKnown) return [operation];
    const places = [...operation.writes].map(([key, value]) => ({ place: placeOf(key, value), value }));
    if (places.every(({ place }) => !firstReturns.has(place))) return [];
    const proofs = places.filter(({ place, value }) => value !== undefined && writerCounts.get(place) === 1);
    const returned = Math.min(
      ...proofs.map(({ place }) => firstReturns.get(place) ?? Number.POSITIVE_INFINITY),
    );
    return [{ ...operation, returned, isKnown: Number.isFinite(returned) }];
  });
}
