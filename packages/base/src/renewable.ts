/**
 * Something that is made when it is first needed, and made anew when it turns out to be no good any more: a client
 * that keeps the credentials it once found.
 *
 *     use ──► made ──► works … ──► an error says that it is spent ──► retired ──► last use ends ──► closed
 *                                                 next use ──► made anew
 *
 * Invariants:
 * - What was retired serves the uses that it has, then it is closed; it is never handed out again, nor closed twice.
 */

/** How a renewable thing is made, ended, and seen to be spent. */
export interface RenewableOptions<T> {
  readonly open: () => Promise<T>;
  readonly close: (thing: T) => void;
  /** Tells whether an error of a use means that another thing would do better. */
  readonly isSpent: (error: unknown) => boolean;
}

/** Something that is there when it is needed. */
export interface Renewable<T> {
  /** Works with the thing; rejects with what `work` or making it throws. Uses may overlap. */
  use<R>(work: (thing: T) => Promise<R>): Promise<R>;
  /** Closes the thing, if there ever was one, under its uses. */
  close(): Promise<void>;
}

interface Place<T> {
  readonly opened: Promise<T>;
  uses: number;
  ended: Promise<void> | undefined;
}

/** Returns a thing that is not there yet. */
export function renewable<T>({ open, close, isSpent }: RenewableOptions<T>): Renewable<T> {
  let current: Place<T> | undefined;
  const end = (place: Place<T>): Promise<void> => {
    place.ended ??= place.opened.then(close, () => undefined); // It may never have come to be.
    return place.ended;
  };
  return {
    async use(work) {
      current ??= { opened: open(), uses: 0, ended: undefined };
      const place = current;
      place.uses += 1;
      try {
        return await work(await place.opened);
      } catch (error) {
        if (current === place && isSpent(error)) current = undefined;
        throw error;
      } finally {
        place.uses -= 1;
        if (current !== place && place.uses === 0) await end(place);
      }
    },
    async close() {
      const last = current;
      current = undefined;
      if (last !== undefined) await end(last);
    },
  };
}
