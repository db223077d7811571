/** Calls that somebody listens to: timed, and told when they have ended. */
import type { Channel } from 'node:diagnostics_channel';
import { errorText, type Message } from './channels.ts';
import type { Metrics } from './metrics.ts';

/**
 * Does `work` and tells the channel. `factsOf` is asked once it has ended: without a result, but with the text of the error
 * if it failed.
 */
export async function observedCall<T, M extends Message>(
  channel: Channel,
  { store, clock }: Metrics,
  work: () => Promise<T>,
  factsOf: (result: T | undefined, error: string | undefined) => Omit<M, keyof Message>,
): Promise<T> {
  const began = clock.monotonic();
  const tell = (result: T | undefined, error: string | undefined): void => {
    const durationMs = clock.monotonic() - began;
    channel.publish({ store, durationMs, error, ...factsOf(result, error) });
  };
  try {
    const result = await work();
    tell(result, undefined);
    return result;
  } catch (error) {
    tell(undefined, errorText(error));
    throw error;
  }
}

/** Yields `rows`; tells the channel once the last was yielded, none is wanted any more, or reading failed. */
export async function* observedRows<T, M extends Message>(
  channel: Channel,
  { store, clock }: Metrics,
  rows: AsyncGenerator<T>,
  factsOf: (rows: number, bytes: number) => Omit<M, keyof Message>,
  bytesOf: (row: T) => number,
): AsyncGenerator<T> {
  let [durationMs, count, bytes] = [0, 0, 0];
  let error: string | undefined;
  const next = async (): Promise<IteratorResult<T>> => {
    const began = clock.monotonic();
    try {
      return await rows.next();
    } catch (cause) {
      error = errorText(cause);
      throw cause;
    } finally {
      durationMs += clock.monotonic() - began;
    }
  };
  try {
    for (let row = await next(); row.done !== true; row = await next()) {
      count += 1;
      bytes += bytesOf(row.value);
      yield row.value;
    }
  } finally {
    await rows.return(undefined);
    channel.publish({ store, durationMs, error, ...factsOf(count, bytes) });
  }
}
