/** The thread that decodes: a row group keeps a thread busy for half a second, which no commit should wait for. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { ClorthoError } from '@clortho/base';
import { openFlightFile } from './decode-flights.ts';

if (parentPort === null) throw new ClorthoError('CLORTHO_INVALID', 'this module is started by read-flights');
const caller = parentPort;
const { path } = workerData as { readonly path: string };
const { rows, groups } = await openFlightFile(path);
caller.postMessage({ rows });
for await (const columns of groups()) {
  const { minutes, delays, distances, origins, destinations } = columns;
  const asked = once(caller, 'message');
  // The buffers move instead of being copied.
  const moved = [minutes, delays, distances, origins, destinations].map(
    (column) => column.buffer as ArrayBuffer,
  );
  caller.postMessage(columns, moved);
  await asked;
}
caller.postMessage(undefined);
// An open port would keep the thread alive.
caller.close();
