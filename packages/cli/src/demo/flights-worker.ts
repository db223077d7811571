/**
 * The thread that decodes: a row group keeps a thread busy for half a second, which no commit should wait for.
 *
 *     main ── path ──► worker          worker ── { rows }, columns, columns, …, undefined ──► main
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openFlightFile } from './decode-flights.ts';

const { path } = workerData as { readonly path: string };
const { rows, groups } = await openFlightFile(path);
parentPort?.postMessage({ rows });
for await (const columns of groups()) {
  const { minutes, delays, distances, origins, destinations } = columns;
  // The buffers move instead of being copied. Twelve bytes a row: the whole file may wait in memory.
  const moved = [minutes, delays, distances, origins, destinations].map(
    (column) => column.buffer as ArrayBuffer,
  );
  parentPort?.postMessage(columns, moved);
}
parentPort?.postMessage(undefined);
