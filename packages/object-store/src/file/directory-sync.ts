/**
 * Durable directory entries: one fsync serves all callers that wait for it.
 *
 *     caller A ──▶ fsync 1 ──────────▶ A done
 *     caller B      └─ B, C wait ──▶ fsync 2 ─────▶ B, C done
 *     caller C
 *
 * Invariants:
 * - The fsync that a caller waits for begins after its call: an fsync under way may have missed its entry.
 */
import { flushPath } from './file-bytes.ts';

/** Makes the entries of a directory durable. */
export type DirectorySync = (directory: string) => Promise<void>;

/** Returns a sync that coalesces concurrent calls for one directory. */
export function directorySync(flush: DirectorySync = flushDirectory): DirectorySync {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const flushAfter = async (directory: string, before: Promise<void> | undefined): Promise<void> => {
    await before?.catch(() => undefined); // Its callers see the failure; this flush is a fresh attempt.
    waiting.delete(directory);
    const flushing = flush(directory);
    running.set(directory, flushing);
    try {
      await flushing;
    } finally {
      if (running.get(directory) === flushing) running.delete(directory);
    }
  };
  return (directory) => {
    let next = waiting.get(directory);
    if (next === undefined) {
      next = Promise.resolve().then(() => flushAfter(directory, running.get(directory)));
      waiting.set(directory, next);
    }
    return next;
  };
}

async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open a directory; NTFS journals its entries.
  await flushPath(directory);
}
