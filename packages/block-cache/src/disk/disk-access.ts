/**
 * Access to the cache file that never fails a caller: what cannot be read is not there, what cannot be written is not
 * kept. A file that is gone, a disk that is full or broken stop reads, or writes, or both, for a while.
 *
 *     reading(task) --breaker open?--> no file? open it --> task --> its result, or undefined
 *     writing(task) --breaker open?--> the file still has its name? ---'
 *
 * Invariants:
 * - `reading` and `writing` reject only for bugs of ours.
 * - Each kind tells that it stopped once, and that it goes on once.
 * - Nothing is written to a file that another process removed or replaced.
 */
import { type Clock, ClorthoError, InvariantError, isClorthoError } from '@clortho/base';
import { type Breaker, breaker } from './breaker.ts';
import type { FileIo, SharedFile } from './shared-file.ts';

/** What happened to the disk tier as a whole; each is told once until its contrary happens. */
export interface DiskCacheEvent {
  /**
   * `set-aside`: what was in the directory was not usable and was removed. `damaged`: a page did not match its checksum
   * (told once only; `stats().damaged` counts). The others: reads or writes of the cache stopped, or go on.
   */
  readonly kind:
    | 'reads-stopped'
    | 'writes-stopped'
    | 'reads-resumed'
    | 'writes-resumed'
    | 'set-aside'
    | 'damaged';
  /** Why it stopped. */
  readonly cause?: unknown;
}

/** What {@link diskAccess} needs. */
export interface DiskAccessOptions {
  readonly clock: Clock;
  readonly failuresMax: number;
  readonly pauseMs: number;
  readonly onEvent: (event: DiskCacheEvent) => void;
  /** Opens the file; `isFirst` until that has worked once. */
  readonly open: (isFirst: boolean) => Promise<SharedFile>;
  /** Called when another file was opened: what is known of the last one is void. */
  readonly onOpened: () => void;
}

/** See the module. */
export interface DiskAccess {
  /** How many calls of the file system failed. */
  readonly failures: number;
  /** Tells whether `reading` is worth a try. */
  canRead(): boolean;
  /** Tells whether pages can be written: what cannot be read again is not worth it. */
  canWrite(): boolean;
  /** Runs a task that reads; `undefined` if it could not, or failed. */
  reading<T>(task: (io: FileIo) => Promise<T>): Promise<T | undefined>;
  /** Runs a task that writes; `undefined` if it could not, or failed. */
  writing<T>(task: (io: FileIo) => Promise<T>): Promise<T | undefined>;
  /** Waits for tasks and closes the file; nothing is done from now on. */
  close(): Promise<void>;
}

/** Returns access to the file that `open` opens. */
export function diskAccess(options: DiskAccessOptions): DiskAccess {
  const { onEvent } = options;
  const part = (name: 'reads' | 'writes'): Breaker =>
    breaker({
      clock: options.clock,
      failuresMax: options.failuresMax,
      pauseMs: options.pauseMs,
      onStop: (cause) => onEvent({ kind: `${name}-stopped`, cause }),
      onResume: () => onEvent({ kind: `${name}-resumed` }),
    });
  const reads = part('reads');
  const writes = part('writes');
  let current: SharedFile | undefined;
  let opening: Promise<SharedFile | undefined> | undefined;
  let isFirst = true;
  let isClosed = false;
  let failures = 0;

  const openFile = async (): Promise<SharedFile | undefined> => {
    try {
      const file = await options.open(isFirst);
      isFirst = false;
      current = file;
      options.onOpened();
      return file;
    } catch (error) {
      failures += 1;
      stopAll(error);
      return undefined;
    } finally {
      opening = undefined;
    }
  };

  const stopAll = (error: unknown): void => {
    refuseBugs(error);
    reads.stop(error);
    writes.stop(error);
  };

  const file = (): SharedFile | Promise<SharedFile | undefined> => {
    if (current !== undefined) return current;
    opening ??= openFile();
    return opening;
  };

  const attempt = async <T>(
    kind: Breaker,
    task: (io: FileIo) => Promise<T>,
    usable: (file: SharedFile) => boolean,
  ): Promise<T | undefined> => {
    if (isClosed || !kind.allows()) return undefined;
    const open = await file();
    if (open === undefined || open.isClosed || !usable(open)) return undefined;
    try {
      const result = await open.use(task);
      kind.succeeded();
      return result;
    } catch (error) {
      refuseBugs(error);
      failures += 1;
      if (isClorthoError(error, 'CLORTHO_CONFLICT')) await abandon(open, error);
      else kind.failed(error);
      return undefined;
    }
  };

  const abandon = async (open: SharedFile, error: unknown): Promise<void> => {
    if (current === open) current = undefined;
    stopAll(error);
    await closeQuietly(open);
  };

  // A file that fails to close after reads and writes were judged one by one has nothing left to tell.
  const closeQuietly = async (open: SharedFile): Promise<void> => {
    await open.close().catch(() => {
      failures += 1;
    });
  };

  const refuseReadOnly = (open: SharedFile): boolean => {
    if (!open.isWritable) {
      writes.stop(new ClorthoError('CLORTHO_UNAVAILABLE', 'the cache file can only be read'));
    }
    return open.isWritable;
  };

  return {
    get failures() {
      return failures;
    },
    canRead: () => !isClosed && reads.allows(),
    canWrite: () => !isClosed && reads.allows() && writes.allows(),
    reading: (task) => attempt(reads, task, () => true),
    writing: (task) =>
      attempt(
        writes,
        async (io) => {
          if ((await io.links()) > 0) return task(io);
          throw new ClorthoError('CLORTHO_CONFLICT', 'the cache file was removed or replaced');
        },
        refuseReadOnly,
      ),
    async close() {
      isClosed = true;
      await opening;
      if (current !== undefined) await closeQuietly(current);
    },
  };
}

function refuseBugs(error: unknown): void {
  if (error instanceof InvariantError) throw error;
}
