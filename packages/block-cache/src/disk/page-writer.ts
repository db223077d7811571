/**
 * A bounded queue in front of the disk: whoever fetched a page never waits for it to be written.
 *
 *     offer --> [ page | page | page ] --two at a time--> store.write
 *        '--full, or writes stopped: not kept
 *
 * Invariants:
 * - The bytes of pages that wait or are being written stay within `queueBytesMax`.
 * - A page is in the queue once; as long as it is, `find` has its bytes.
 * - A page whose object was forgotten meanwhile is not kept.
 */
import { type Limiter, limiter } from '@clortho/base';
import type { PageKey } from './page-key.ts';
import type { PageStore } from './page-store.ts';

/** Two keep a disk busy, and leave threads to those who read. */
const WRITES_MAX = 2;

interface Waiting {
  readonly name: string;
  readonly payload: Uint8Array;
  readonly isKept: Promise<boolean>;
}

/** See the module. */
export interface PageWriter {
  /** How many bytes wait or are being written. */
  readonly queuedBytes: number;
  /** How many pages found the queue full. */
  readonly overflows: number;
  /** Returns the bytes of a page that is not written yet. */
  find(key: PageKey): Uint8Array | undefined;
  /** Queues a page, whose bytes must not change any more, and resolves to whether it was kept. */
  offer(key: PageKey, payload: Uint8Array, onlyKnown: boolean): Promise<boolean>;
  /** Keeps no page of the object that is in the queue; without a name, of any object. */
  forget(name?: string): void;
  /** Resolves once nothing that is in the queue at the time of the call is any more. */
  settled(): Promise<void>;
}

/** Returns an empty queue. */
export function pageWriter(store: PageStore, queueBytesMax: number): PageWriter {
  const queue = new Map<string, Waiting>();
  const places: Limiter = limiter(WRITES_MAX);
  let queuedBytes = 0;
  let overflows = 0;

  const start = (key: PageKey, payload: Uint8Array, onlyKnown: boolean): Waiting => {
    const isWanted = (): boolean => queue.get(key.id) === waiting;
    const write = async (): Promise<boolean> => {
      try {
        return await places.run(async () => isWanted() && store.write(key, payload, onlyKnown, isWanted));
      } finally {
        queuedBytes -= payload.length;
        if (isWanted()) queue.delete(key.id);
      }
    };
    queuedBytes += payload.length;
    const waiting: Waiting = { name: key.object.name, payload, isKept: write() };
    return waiting;
  };

  return {
    get queuedBytes() {
      return queuedBytes;
    },
    get overflows() {
      return overflows;
    },
    find: (key) => queue.get(key.id)?.payload,
    async offer(key, payload, onlyKnown) {
      const present = queue.get(key.id);
      if (present !== undefined) return present.isKept;
      if (queuedBytes + payload.length > queueBytesMax) {
        overflows += 1;
        return false;
      }
      const waiting = start(key, payload, onlyKnown);
      queue.set(key.id, waiting);
      return waiting.isKept;
    },
    forget(name) {
      for (const [id, waiting] of queue) if (name === undefined || waiting.name === name) queue.delete(id);
    },
    async settled() {
      await Promise.all([...queue.values()].map(({ isKept }) => isKept));
    },
  };
}
