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

import { ClorthoError } from './errors.ts';

/** How a renewable thing is made, ended, and seen to be spent. */
export interface RenewableOptions<T> {
  readonly open: () => Promise<T>;
  readonly close: (thing: T) => void;
  /** Tells whether an error of a use means that another thing would do better. */
  readonly isSpent: (error: unknown) => boolean;
}

/** Something that is there when it is needed. */
export interface Renewable<T> {
  /**
   * Works with the thing; uses may overlap.
   *
   * @throws {ClorthoError} `CLORTHO_CLOSED`; whatever `work` or making the thing throws.
   */
  use<R>(work: (thing: T) => Promise<R>): Promise<R>;
  /** Closes the thing, if there ever was one, under its uses; none is made any more. */
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
  let closed = false;
  const end = (place: Place<T>): Promise<void> => {
    place.ended ??= place.opened.then(close, () => undefined); // It may never have come to be.
    return place.ended;
  };
  return {
    async use(work) {
      if (closed) throw new ClorthoError('CLORTHO_CLOSED', 'what this call needs was closed');
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
      closed = true;
      current = undefined;
      if (last !== undefined) await end(last);
    },
  };
}
