/** Flights of a file, decoded in a thread of its own while the caller works. */
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { FlightColumns } from './flight-columns.ts';

/** What the decoding thread sends: the number of rows first, then chunks, then that there are no more. */
export type FlightMessage = { readonly rows: number } | FlightColumns | undefined;

/** A file being decoded. */
export interface FlightSource {
  /** How many flights the file has. */
  readonly rows: number;
  /** Yields chunks in order; to be iterated once. Rejects with what ended the decoder. */
  chunks(): AsyncGenerator<FlightColumns>;
  /** Ends the thread. */
  close(): Promise<void>;
}

/**
 * Starts to decode the parquet file at `path`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is no file of flights.
 */
export async function readFlights(path: string): Promise<FlightSource> {
  const worker = new Worker(new URL('./flights-worker.js', import.meta.url), { workerData: { path } });
  // Listening from the start on: what arrives while the caller is busy waits here.
  const messages = on(worker, 'message')[Symbol.asyncIterator]() as AsyncIterator<[FlightMessage]>;
  const receive = async (): Promise<FlightMessage> => {
    const next = await messages.next();
    return next.done === true ? undefined : next.value[0];
  };
  const header = await receive();
  return {
    rows: header !== undefined && 'rows' in header ? header.rows : 0,
    async *chunks() {
      for (;;) {
        const message = await receive();
        if (message === undefined || 'rows' in message) return;
        yield message;
      }
    },
    async close() {
      await worker.terminate();
    },
  };
}
