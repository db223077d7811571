/**
 * The LMDB thread: opens the file and serves the requests of one store's thread.
 *
 * Loaded as a worker thread, from the built package. LMDB's write lock is shared with other processes and cannot be
 * waited for with a limit; here the wait holds up nothing else. Opening waits for it on this very thread, swaps wait
 * on a thread of the binding, so reads go on.
 *
 * Invariants:
 * - Every request is answered exactly once, unless the file cannot be opened, which ends the thread.
 */

import { dirname } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { checkMarker, type Database, openDatabase } from './database.ts';
import {
  encodeFailure,
  GROUP_BEGUN,
  moveGroup,
  type NumberedRequest,
  type ThreadReply,
  type ThreadRequest,
  type ThreadResults,
  type ThreadStart,
} from './messages.ts';
import { readPage, readRegisters, swapGroup } from './transactions.ts';

await serve(parentPort as MessagePort, workerData as ThreadStart);

async function serve(port: MessagePort, { path, groupState }: ThreadStart): Promise<void> {
  let database: Database;
  try {
    database = await openDatabase(path);
  } catch (error) {
    const failure = encodeFailure(
      error,
      'CLORTHO_UNAVAILABLE',
      `cannot open registers: directory=${dirname(path)}`,
    );
    port.postMessage({ id: undefined, failure } satisfies ThreadReply);
    return;
  }
  const perform = async (request: ThreadRequest): Promise<ThreadResults[ThreadRequest['kind']]> => {
    switch (request.kind) {
      case 'prepare':
        await checkMarker(database, path, request.create);
        return null;
      case 'read':
        return readRegisters(database, request.keys);
      case 'page':
        return readPage(database, request.prefix, request.after);
      case 'swap':
        return swapGroup(database, request.swaps, () => moveGroup(groupState, GROUP_BEGUN));
      case 'close':
        await database.close();
        port.close(); // Ends the thread, which is the answer.
        return null;
    }
  };
  const answer = async ({ id, request }: NumberedRequest): Promise<ThreadReply> => {
    try {
      return { id, result: await perform(request) };
    } catch (error) {
      return { id, failure: encodeFailure(error, 'CLORTHO_UNAVAILABLE', 'LMDB failed') };
    }
  };
  port.on('message', (message: NumberedRequest) => {
    answer(message).then(
      (reply) => port.postMessage(reply),
      () => port.close(),
    );
  });
}
