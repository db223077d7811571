/**
 * A thread that runs the kernel of the format between files, which the host reads and writes as it does for a merge: what any merge in
 * a worker has to do at least.
 *
 *     worker                                  host
 *       │  read { call, file, offset, length } ─▶ │  reads, and sends the bytes
 *       │  emit { call, chunks } ───────────────▶ │  writes a file, and sends the chunks back
 *       │  ◀── { call, bytes }                    │
 *       │  ◀── 'round'                            │
 *       │  done { rows } ───────────────────────▶ │
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type CodecName, SparePieces, Sst, type SstSource, WorkMemory } from '@clortho/sst';
import { FormatKernel } from './format-kernel.ts';

/** What the thread is started with. */
export interface FormatWorkerSetup {
  readonly codec: CodecName;
  /** The sizes of the files. */
  readonly sizes: readonly number[];
}

/** From the worker. */
export type FormatWorkerMessage =
  | {
      readonly type: 'read';
      readonly call: number;
      readonly file: number;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly type: 'emit'; readonly call: number; readonly chunks: readonly Uint8Array[] }
  | { readonly type: 'done'; readonly rows: number };

/** To the worker. */
export type FormatHostMessage = 'round' | { readonly call: number; readonly bytes: readonly Uint8Array[] };

const FILE_BYTES = 32 * 1024 * 1024;
const EXPECTED_BYTES = FILE_BYTES + 2 * 1024 * 1024;
const READ_AHEAD_BYTES = 1024 * 1024;

const { codec, sizes } = workerData as FormatWorkerSetup;
const pending = new Map<number, (bytes: readonly Uint8Array[]) => void>();
const spare = new SparePieces();
let calls = 0;

parentPort?.on('message', (message: FormatHostMessage) => {
  if (message === 'round') round().catch(fail);
  else {
    pending.get(message.call)?.(message.bytes);
    pending.delete(message.call);
  }
});

/** Ends the thread with the error, which its host hears. */
function fail(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

async function round(): Promise<void> {
  const memory = new WorkMemory();
  const files = await Promise.all(sizes.map((size, file) => Sst.open(sourceOf(file), { size })));
  const cursors = files.map((sst) => sst.cursor({ readAheadBytes: READ_AHEAD_BYTES, memory }));
  const kernel = new FormatKernel(cursors, { codec, memory, spare, expectedBytes: EXPECTED_BYTES });
  let emitted: Promise<void> = Promise.resolve();
  for (;;) {
    const stopped = kernel.merge(FILE_BYTES);
    if (stopped !== undefined && stopped !== 'full') {
      await stopped.load();
      continue;
    }
    kernel.finish();
    await emitted;
    emitted = emit(kernel.take());
    if (stopped === undefined) break;
    kernel.begin();
  }
  await emitted;
  send({ type: 'done', rows: kernel.rows });
}

async function emit(chunks: readonly Uint8Array[]): Promise<void> {
  const transfer = chunks.map(({ buffer }) => buffer as ArrayBuffer);
  for (const chunk of await call((id) => send({ type: 'emit', call: id, chunks }, transfer)))
    spare.give(chunk);
}

function sourceOf(file: number): SstSource {
  return {
    read: async (offset, length) => {
      const [bytes] = await call((id) => send({ type: 'read', call: id, file, offset, length }));
      return bytes as Uint8Array;
    },
  };
}

function call(ask: (id: number) => void): Promise<readonly Uint8Array[]> {
  return new Promise((resolve) => {
    const id = calls++;
    pending.set(id, resolve);
    ask(id);
  });
}

function send(message: FormatWorkerMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}
