/**
 * An open file that several tasks use at once, closed when the last of them is done.
 *
 * A descriptor that is closed under a task may be another file a moment later, and the task would write into that.
 *
 * Invariants:
 * - The file is closed once, after `close` was called and every task and every read and
 *   write has ended; no task begins after that call.
 * - A read is whole or ends where the file does; a write is whole.
 */
import { ClorthoError, invariant } from '@clortho/base';
import type { CacheFile } from './file-system.ts';

/** What a task can do with the file. */
export interface FileIo {
  /** Fills `target` from `position` on and returns how many bytes there were; fewer only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Returns under how many names the file can be found. */
  links(): Promise<number>;
}

/** See the module. */
export interface SharedFile {
  readonly isWritable: boolean;
  readonly isClosed: boolean;
  /** Runs a task that uses the file. */
  use<T>(task: (io: FileIo) => Promise<T>): Promise<T>;
  /** Lets no further task begin, and resolves once the file is closed. Closing twice is closing once. */
  close(): Promise<void>;
}

/** Returns `file` as one that is shared. */
export function sharedFile(file: CacheFile, isWritable: boolean): SharedFile {
  const tasks = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;
  const track = async <T>(running: Promise<T>): Promise<T> => {
    tasks.add(running);
    try {
      return await running;
    } finally {
      tasks.delete(running);
    }
  };
  const io = ioOf(file, track);
  const closeAfterTasks = async (): Promise<void> => {
    while (tasks.size > 0) await Promise.allSettled(tasks);
    await file.close();
  };
  return {
    isWritable,
    get isClosed() {
      return closed !== undefined;
    },
    async use(task) {
      invariant(closed === undefined, 'a closed file is not used');
      return track(task(io));
    },
    close() {
      closed ??= closeAfterTasks();
      return closed;
    },
  };
}

// A task that failed may have left other reads behind, so these are waited for as well.
function ioOf(file: CacheFile, track: <T>(running: Promise<T>) => Promise<T>): FileIo {
  return {
    links: () => file.links(),
    read: (target, position) => track(readFully(file, target, position)),
    write: (bytes, position) => track(writeFully(file, bytes, position)),
  };
}

async function readFully(file: CacheFile, target: Uint8Array, position: number): Promise<number> {
  for (let filled = 0; filled < target.length; ) {
    const bytes = await file.read(target.subarray(filled), position + filled);
    if (bytes === 0) return filled;
    filled += bytes;
  }
  return target.length;
}

async function writeFully(file: CacheFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const more = await file.write(bytes.subarray(written), position + written);
    if (more === 0) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the file system writes nothing');
    written += more;
  }
}
