/**
 * The worker's side: executes one merge, with all input and output through the caller's thread.
 *
 * Loaded by the pool from the built package, by its file and the name of its function.
 */
import type { MessagePort } from 'node:worker_threads';
import { abortedError } from '@clortho/base';
import { SparePieces } from '@clortho/sst';
import { executeMerge } from '../merge/execute-merge.ts';
import type { MergeIo, MergeProgress } from '../merge/merge-job.ts';
import {
  type CallerMessage,
  encodeError,
  RemoteError,
  type WorkerMessage,
  type WorkerOutcome,
  type WorkerTask,
} from './wire.ts';

/** It yields to other merges on the thread, and to hear that the caller closed the port. */
const SLICE_MS = 20;
/** For all merges of the thread; it goes with the thread, when that is idle. */
const spare = new SparePieces();

/** Executes a merge; never rejects. */
export async function mergeInWorker({ job, port }: WorkerTask): Promise<WorkerOutcome> {
  const caller = callerThread(port);
  try {
    const onProgress = (progress: MergeProgress): void => caller.send({ type: 'progress', progress });
    const result = await executeMerge(job, caller.io, {
      signal: caller.signal,
      onProgress,
      sliceMs: SLICE_MS,
      spare,
    });
    return { result };
  } catch (error) {
    return { error: encodeError(error) };
  } finally {
    port.close();
  }
}

interface CallerThread {
  readonly io: MergeIo;
  readonly signal: AbortSignal;
  send(message: WorkerMessage): void;
}

interface Pending {
  resolve(bytes: readonly Uint8Array[]): void;
  reject(error: Error): void;
}

function callerThread(port: MessagePort): CallerThread {
  const pending = new Map<number, Pending>();
  const controller = new AbortController();
  let calls = 0;
  port.on('close', () => {
    controller.abort();
    for (const waiting of pending.values()) waiting.reject(abortedError(controller.signal));
    pending.clear();
  });
  port.on('message', (message: CallerMessage) => {
    const waiting = pending.get(message.call);
    pending.delete(message.call);
    if (message.type === 'done') waiting?.resolve(message.bytes);
    else waiting?.reject(new RemoteError(message.error));
  });
  const call = (send: (call: number) => void): Promise<readonly Uint8Array[]> =>
    new Promise((resolve, reject) => {
      const id = calls++;
      pending.set(id, { resolve, reject });
      send(id);
    });
  const io: MergeIo = {
    open: ({ id: file }) => ({
      read: async (offset, length) => {
        const [bytes] = await call((id) =>
          port.postMessage({ type: 'read', call: id, file, offset, length }),
        );
        return bytes as Uint8Array;
      },
    }),
    emit: ({ chunks, ordinal, file, summary }) => {
      const facts = { ordinal, file, summary };
      return call((id) =>
        port.postMessage(
          { type: 'emit', call: id, facts, chunks },
          chunks.map((chunk) => chunk.buffer as ArrayBuffer),
        ),
      );
    },
  };
  return { io, signal: controller.signal, send: (message) => port.postMessage(message) };
}
