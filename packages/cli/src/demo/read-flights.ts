/**
 * Flights of a file, decoded in a thread of its own while the caller works.
 *
 *     caller ── more ──► thread          thread ── { rows }, columns, columns, …, undefined ──► caller
 *
 * Invariants:
 * - The thread is at most one row group ahead of the caller: two of them lie in memory, however long the file is.
 * - Nothing is decoded ahead that the caller did not announce: a run over few flights costs one row group.
 */
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { FlightColumns } from './flight-columns.ts';

/** What the decoding thread sends: the number of rows first, then chunks, then that there are no more. */
export type FlightMessage = { readonly rows: number } | FlightColumns | undefined;

/** A file being decoded. */
export interface FlightSource {
  /** Returns how many flights the file has; to be called once, before {@link chunks}. */
  rows(): Promise<number>;
  /**
   * Yields chunks in order; to be iterated once. Rejects with what ended the decoder.
   *
   * @param rowsWanted - how many rows the caller is sure to take: so far the next chunk is decoded ahead.
   */
  chunks(rowsWanted: number): AsyncGenerator<FlightColumns>;
  /** Ends the thread. */
  close(): Promise<void>;
}

/**
 * Starts to decode the parquet file at `path`: its first chunk, and the others as they are asked for. The caller
 * closes the source. A file that is none of flights rejects `rows` with `CLORTHO_INVALID`.
 */
export function readFlights(path: string): FlightSource {
  const worker = new Worker(new URL('./flights-worker.js', import.meta.url), { workerData: { path } });
  // Listening from the start on: what arrives while the caller is busy waits here.
  const messages = on(worker, 'message')[Symbol.asyncIterator]() as AsyncIterator<[FlightMessage]>;
  const receive = async (): Promise<FlightMessage> => {
    const next = await messages.next();
    return next.done === true ? undefined : next.value[0];
  };
  const askForMore = (): void => worker.postMessage('more');
  return {
    async rows() {
      const header = await receive();
      return header !== undefined && 'rows' in header ? header.rows : 0;
    },
    async *chunks(rowsWanted) {
      for (let rows = 0; ; ) {
        const message = await receive();
        if (message === undefined || 'rows' in message) return;
        rows += message.minutes.length;
        const isSure = rows < rowsWanted;
        if (isSure) askForMore();
        yield message;
        if (!isSure) askForMore();
      }
    },
    async close() {
      await worker.terminate();
    },
  };
}
