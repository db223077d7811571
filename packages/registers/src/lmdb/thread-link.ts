/**
 * The link to one LMDB thread: requests out, answers back, each within a deadline.
 *
 * The thread may be held up for as long as another process holds LMDB's write lock and does not run. Nothing can
 * interrupt that wait, so a call whose deadline passes is given up here and its answer, if one comes, is dropped.
 *
 * Invariants:
 * - Every call settles: by its answer, its deadline or signal, or the end of the thread.
 * - The thread keeps the process alive only while a call waits, through the timer of its deadline.
 */
import { isMainThread, Worker } from 'node:worker_threads';
import { abortedError, ClorthoError } from '@clortho/base';
import type { Deadlines } from './deadlines.ts';
import {
  decodeFailure,
  type ThreadReply,
  type ThreadRequest,
  type ThreadResults,
  type ThreadStart,
} from './messages.ts';

/** A running LMDB thread. */
export interface ThreadLink {
  /** False once the thread has ended, or is about to: it answers no new call. */
  readonly alive: boolean;
  /**
   * Sends a request and returns its answer.
   *
   * @throws {ClorthoError} what the thread answered; `CLORTHO_UNAVAILABLE` if the deadline passes, the thread ends
   *   or too many calls wait; `CLORTHO_ABORTED`. For a swap none of these but the thread's own answer decides.
   */
  call<R extends ThreadRequest>(request: R, limits?: CallLimits): Promise<ThreadResults[R['kind']]>;
  /** Resolves when no call that was given up is still with the thread; `undefined` if that is now. */
  blocked(): Promise<void> | undefined;
  /** Closes the file and ends the thread; resolves when it has ended or the deadline passes. */
  end(): Promise<void>;
}

/** What ends a call early. */
export interface CallLimits {
  readonly signal?: AbortSignal | undefined;
  /** Waits for the answer or the end of the thread; the signal only says that the call was given up elsewhere. */
  readonly patient?: boolean | undefined;
}

/** Starts the LMDB thread; replaced in tests that end threads. */
export type StartWorker = (start: ThreadStart) => Worker;

/** Calls that wait beyond this are refused: each takes memory until the thread comes to it. */
const CALLS_MAX = 16_384;

/** Thread and store share no source file loader, so the thread is always the built one. */
const WORKER_URL: URL = new URL('../../dist/lmdb/lmdb-worker.js', import.meta.url);

/** Starts a thread of this package. The arguments of the process are not its own: `--input-type` would refuse a file. */
export const startWorker: StartWorker = (start) =>
  new Worker(WORKER_URL, { name: 'clortho-lmdb', workerData: start, execArgv: [] });

interface Call {
  readonly settle: (reply: ThreadReply) => void;
  /** Given up, and still with the thread. */
  overdue: boolean;
}

/** Starts an LMDB thread on a file. */
export function threadLink(start: ThreadStart, limits: Deadlines, begin: StartWorker): ThreadLink {
  const worker = begin(start);
  const calls = new Map<number, Call>();
  const waiters = new Set<() => void>();
  let lastId = 0;
  let overdue = 0;
  let alive = true;
  let cause: unknown;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  const setOverdue = (change: 1 | -1): void => {
    overdue += change;
    if (overdue === 1 && change === 1 && isMainThread) process.on('exit', endProcess);
    if (overdue > 0) return;
    process.off('exit', endProcess);
    for (const resolve of waiters) resolve();
    waiters.clear();
  };
  const settle = (id: number, reply: ThreadReply): void => {
    const call = calls.get(id);
    if (call === undefined) return;
    calls.delete(id);
    if (call.overdue) setOverdue(-1);
    call.settle(reply);
  };
  const lose = (error: unknown): void => {
    alive = false;
    cause ??= error;
    const reason = cause === undefined ? 'none' : String(cause);
    const message = `the LMDB thread ended: file=${start.path} reason=${reason}`;
    const reply: ThreadReply = { id: undefined, failure: { code: 'CLORTHO_UNAVAILABLE', message } };
    for (const id of calls.keys()) settle(id, reply);
  };
  worker.on('message', (reply: ThreadReply) => {
    if (reply.id !== undefined) {
      settle(reply.id, reply);
      return;
    }
    alive = false;
    for (const id of calls.keys()) settle(id, reply);
  });
  worker.on('error', (error) => {
    cause ??= error; // The exit follows; only then is it certain that nothing is written any more.
    alive = false;
  });
  worker.on('exit', () => lose(undefined));
  worker.unref(); // After the listeners: to listen for messages keeps the process alive.

  const call: ThreadLink['call'] = (request, { signal, patient = false } = {}) =>
    new Promise((resolve, reject) => {
      if (!alive || calls.size >= CALLS_MAX) {
        const facts = `file=${start.path} calls=${calls.size}`;
        reject(new ClorthoError('CLORTHO_UNAVAILABLE', `the LMDB thread takes no calls: ${facts}`));
        return;
      }
      lastId += 1;
      const id = lastId;
      const giveUp = (error: ClorthoError): void => {
        release();
        entry.overdue = true;
        setOverdue(1);
        if (!patient) reject(error);
      };
      const onAbort = (): void => giveUp(abortedError(signal));
      const clearDeadline = patient ? undefined : limits.set(() => giveUp(lockedError(start.path)));
      const release = (): void => {
        clearDeadline?.();
        signal?.removeEventListener('abort', onAbort);
      };
      const entry: Call = {
        overdue: false,
        settle: (reply) => {
          release();
          if ('failure' in reply) reject(decodeFailure(reply.failure));
          else resolve(reply.result as never);
        },
      };
      calls.set(id, entry);
      signal?.addEventListener('abort', onAbort, { once: true });
      worker.postMessage({ id, request });
    });

  return {
    get alive() {
      return alive;
    },
    call,
    blocked: () => (overdue === 0 ? undefined : new Promise((resolve) => waiters.add(resolve))),
    async end() {
      worker.ref(); // The process waits for the end of a thread that it ends itself.
      if (alive) await call({ kind: 'close' }).catch(() => undefined);
      alive = false;
      if (overdue === 0) await ended;
      worker.unref();
    },
  };
}

/** Returns the error for a call that waited too long, as for LMDB's lock, and was certainly not carried out. */
export function lockedError(path: string): ClorthoError {
  const message =
    'the registers gave no answer in time: another process holds their lock, or the disk is slow';
  return new ClorthoError('CLORTHO_UNAVAILABLE', `${message}: file=${path}`);
}

/**
 * A thread that waits for LMDB's lock cannot be ended, and Node waits for all threads when a process exits. The
 * process has said that it is done; without this it would stay until the other process goes on.
 */
function endProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
