/**
 * A pool of threads that execute merges beside the caller's.
 *
 * A job whose operator, filter or collectors are functions cannot leave its thread; it runs here, in slices. A worker
 * that dies, of a user's function or for want of memory, fails its merges and is replaced by the next.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { abortedError, ClorthoError, throwIfAborted } from '@clortho/base';
import type { Piscina } from 'piscina';
import { executeMerge } from '../merge/execute-merge.ts';
import type { MergeIo, MergeJob, MergeResult, MergeRunOptions } from '../merge/merge-job.ts';
import {
  type CallerMessage,
  decodeError,
  encodeError,
  type WorkerMessage,
  type WorkerOutcome,
  type WorkerTask,
} from './wire.ts';

/** How many threads a pool has. */
export interface CompactionPoolOptions {
  /** At most so many threads; what they have no room for waits. 0 runs all on the caller's thread. Default 1. */
  readonly threads?: number | undefined;
  /** At most so many merges share a thread: while one waits for its input, another goes on. Default 1. */
  readonly mergesPerThread?: number | undefined;
  /** The heap of a worker, in MiB; one that needs more dies. Blocks and files are not on it. Default 512. */
  readonly heapMiB?: number | undefined;
}

/** Runs merges. */
export interface CompactionPool {
  /**
   * Executes a merge like `executeMerge`, in a worker if the job is plain data. `io` is called on this thread.
   *
   * @throws {ClorthoError} as `executeMerge`; `CLORTHO_UNAVAILABLE` if the worker dies; `CLORTHO_CLOSED` after
   *   {@link close}.
   */
  run(job: MergeJob, io: MergeIo, options?: MergeRunOptions): Promise<MergeResult>;
  /** Waits for running merges and ends the threads. */
  close(): Promise<void>;
}

const IDLE_MS = 30_000;
const HEAP_MIB = 512;

/** Returns a pool. Threads start with the first merge that needs one and end when idle. */
export function compactionPool({
  threads = 1,
  mergesPerThread = 1,
  heapMiB = HEAP_MIB,
}: CompactionPoolOptions = {}): CompactionPool {
  let pool: Promise<Piscina<WorkerTask, WorkerOutcome>> | undefined;
  let isClosed = false;
  const running = new Set<Promise<unknown>>();
  const run = async (job: MergeJob, io: MergeIo, options: MergeRunOptions): Promise<MergeResult> => {
    if (threads === 0 || !isPlainData(job)) return executeMerge(job, io, options);
    throwIfAborted(options.signal);
    pool ??= startPool(threads, mergesPerThread, heapMiB);
    return runInWorker(await pool, job, io, options);
  };
  return {
    run(job, io, options = {}) {
      if (isClosed)
        return Promise.reject(new ClorthoError('CLORTHO_CLOSED', 'the compaction pool is closed'));
      const merge = run(job, io, options).finally(() => running.delete(merge));
      running.add(merge);
      return merge;
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(running);
      await (await pool)?.destroy();
    },
  };
}

/** Loads the pool's library when it is first needed: most processes that import this package never compact. */
async function startPool(
  threads: number,
  mergesPerThread: number,
  heapMiB: number,
): Promise<Piscina<WorkerTask, WorkerOutcome>> {
  const { Piscina: Pool } = await import('piscina');
  return new Pool<WorkerTask, WorkerOutcome>({
    filename: new URL('./merge-worker.js', import.meta.url).href,
    name: 'mergeInWorker',
    minThreads: 0,
    maxThreads: threads,
    concurrentTasksPerWorker: mergesPerThread,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    // An idle worker must hear its MessagePort.
    atomics: 'disabled',
  });
}

function isPlainData(job: MergeJob): boolean {
  const isOperator = typeof job.operator === 'object' && 'merge' in job.operator;
  const isFilter = job.filter !== undefined && 'keep' in job.filter;
  return !isOperator && !isFilter && !(job.collectors ?? []).some((collector) => 'create' in collector);
}

async function runInWorker(
  pool: Piscina<WorkerTask, WorkerOutcome>,
  job: MergeJob,
  io: MergeIo,
  { signal, onProgress }: MergeRunOptions,
): Promise<MergeResult> {
  const { port1: port, port2 } = new MessageChannel();
  const failures = new Map<number, unknown>();
  port.on('message', (message: WorkerMessage) => {
    if (message.type === 'progress') {
      onProgress?.(message.progress);
      return;
    }
    answer(message, job, io, signal, failures)
      .then((reply) => port.postMessage(reply, transfers(reply)))
      .catch(() => port.close());
  });
  const task = pool.run({ job: detached(job), port: port2 }, { transferList: [port2] });
  try {
    const outcome = await untilAborted(task.catch(throwDeath), signal);
    // Its last report may wait behind the outcome.
    for (let rest = receive(port); rest !== undefined; rest = receive(port)) {
      if (rest.type === 'progress') onProgress?.(rest.progress);
    }
    if ('result' in outcome) return outcome.result;
    const { call } = outcome.error;
    throw call !== undefined && failures.has(call) ? failures.get(call) : decodeError(outcome.error);
  } finally {
    // Tells a worker that is not done, or has not begun, to give up.
    port.close();
  }
}

/** Outcomes are data: a task is rejected only if its worker did not live to report one. */
function throwDeath(cause: unknown): never {
  const what = cause instanceof Error ? cause.message : String(cause);
  throw new ClorthoError('CLORTHO_UNAVAILABLE', `a worker thread died while it merged: ${what}`, { cause });
}

function receive(port: MessagePort): WorkerMessage | undefined {
  return receiveMessageOnPort(port)?.message as WorkerMessage | undefined;
}

function untilAborted<T>(task: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return task;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
  });
}

function transfers(reply: CallerMessage): ArrayBuffer[] {
  return reply.type === 'done' ? reply.bytes.map(({ buffer }) => buffer as ArrayBuffer) : [];
}

/** Carries out a call of the worker. The original error stays here, to be thrown if the merge fails of it. */
async function answer(
  message: Exclude<WorkerMessage, { type: 'progress' }>,
  job: MergeJob,
  io: MergeIo,
  signal: AbortSignal | undefined,
  failures: Map<number, unknown>,
): Promise<CallerMessage> {
  const { call } = message;
  try {
    if (message.type === 'emit') {
      const spent = await io.emit({ ...message.facts, chunks: message.chunks });
      return { type: 'done', call, bytes: message.chunks.filter((chunk) => spent?.includes(chunk)) };
    }
    const file = job.plan.inputs.find((input) => input.id === message.file);
    if (file === undefined) throw new ClorthoError('CLORTHO_INVALID', `not an input: file=${message.file}`);
    const bytes = await io.open(file).read(message.offset, message.length, signal);
    return { type: 'done', call, bytes: [new Uint8Array(bytes)] };
  } catch (error) {
    failures.set(call, error);
    return { type: 'failed', call, error: encodeError(error, call) };
  }
}

/** Returns the job with bounds in memory of their own: structured cloning copies the memory behind a view. */
function detached(job: MergeJob): MergeJob {
  const { plan } = job;
  const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
  const bounds = <T extends { lower: Uint8Array; upper: Uint8Array | undefined }>(range: T): T => ({
    ...range,
    lower: copy(range.lower),
    upper: range.upper && copy(range.upper),
  });
  return {
    ...job,
    plan: { ...plan, inputs: plan.inputs.map(bounds), range: plan.range && bounds(plan.range) },
  };
}
