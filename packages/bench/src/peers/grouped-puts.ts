/**
 * Group commit for stores that have none: puts that come while a batch is on its way leave together with the next one.
 *
 *     callers    p p p      p p p p p p      p p …
 *     batches    [first]──▶ [the rest ]────▶ [   ]
 *
 * Somebody who serves many callers from one of these stores would do this, so the comparison does it, too.
 */
import type { Key, Row } from './driver.ts';

/** Returns a `put` that writes through `write`. */
export function groupedPuts(
  write: (rows: readonly Row[]) => Promise<unknown>,
): (key: Key, value: Uint8Array) => Promise<unknown> {
  let waiting: Row[] = [];
  let next: Promise<unknown> | undefined;
  let current: Promise<unknown> = Promise.resolve();
  const send = (): Promise<unknown> => {
    const rows = waiting;
    waiting = [];
    next = undefined;
    current = write(rows);
    return current;
  };
  return (key, value) => {
    waiting.push({ key, value });
    next ??= current.then(send, send);
    return next;
  };
}
