/**
 * Watching the cloud: every delete is judged at the moment at which it takes effect, against what registers say then.
 *
 * Invariants:
 * - No object that a head, or a pin of a session that has not ended, refers to is ever deleted.
 * - A whole pass of garbage collection lies between the minting of an id and the deletion of its object (looked at
 *   where clocks agree, because ids carry the time of the clock that minted them).
 */
import { type Clock, idAtTime, isClorthoError } from '@clortho/base';
import {
  allFiles,
  decodeHead,
  decodePinObject,
  decodePins,
  loadState,
  objectKey,
  PINS_PREFIX,
  pinObjectKey,
  type ShardState,
  segmentKey,
} from '@clortho/manifest';
import type { ObjectStore } from '@clortho/object-store';
import type { RegisterStore } from '@clortho/registers';

/** A cloud to watch. */
export interface WatchedCloud {
  readonly clock: Clock;
  readonly objects: ObjectStore;
  readonly registers: RegisterStore;
}

/** See the module. */
export interface CloudWatch {
  /** What was seen that must not be, each in a line. */
  readonly problems: readonly string[];
  /** Swaps that took effect, and those that came too late. */
  readonly swaps: { applied: number; refused: number };
  /** Returns the backends as one process reaches them. */
  backendsOf(process: string): Pick<WatchedCloud, 'objects' | 'registers'>;
  /** Notes a pass of garbage collection; the function that it returns notes that it ended, whichever way. */
  passBegins(): () => void;
  /** Returns the keys of all objects that heads and pins refer to. */
  referenced(): Promise<ReadonlySet<string>>;
  /** From now on no pass is asked for before a delete: clocks disagree. */
  ignoreTimes(): void;
}

const HEADS_PREFIX = 'shard/';

/** Begins to watch. */
export function cloudWatch({ clock, objects, registers }: WatchedCloud): CloudWatch {
  const problems: string[] = [];
  const swaps = { applied: 0, refused: 0 };
  /** Marks of the passes that ended, as the collector would make them. */
  let newestMark = '';
  let judgesTimes = true;

  const referenced = async (): Promise<Set<string>> => {
    const live = new Set<string>();
    for await (const { key, value } of registers.list(HEADS_PREFIX)) await addHead(live, value, key);
    for await (const { key, value } of registers.list(PINS_PREFIX)) {
      const { ended, pins } = decodePins(value, key);
      for (const pin of ended ? [] : pins) {
        const name = pinObjectKey(pin.id);
        live.add(name);
        for (const head of decodePinObject(await objects.get(name), name)) await addHead(live, head, name);
      }
    }
    return live;
  };

  const addHead = async (live: Set<string>, bytes: Uint8Array, name: string): Promise<void> => {
    const { state, store, shard } = decodeHead(bytes, name);
    if (state === 'sealed') return;
    addState(live, await loadState(objects, { store, shard }, bytes, undefined));
  };

  const judgeDelete = async (process: string, keys: readonly string[]): Promise<void> => {
    const found = (problem: string): void => {
      problems.push(`${process} deleted ${problem}, at ${Math.round(clock.monotonic())} ms`);
    };
    try {
      const live = await referenced();
      for (const key of keys) if (live.has(key)) found(`${key}, which is referred to`);
    } catch (error) {
      if (!isClorthoError(error)) throw error;
      found(`${keys.join()}, and a head or a pin cannot be expanded: ${error.message}`);
    }
    for (const key of judgesTimes ? keys : []) {
      if (idOf(key) >= newestMark) found(`${key}, younger than a whole pass of garbage collection`);
    }
  };

  return {
    problems,
    swaps,
    backendsOf: (process) => ({
      objects: {
        ...objects,
        async delete(keys, options) {
          await objects.delete(keys, options);
          await judgeDelete(process, keys);
        },
      },
      registers: {
        ...registers,
        async compareAndSwap(changes, options) {
          const result = await registers.compareAndSwap(changes, options);
          swaps[result.applied ? 'applied' : 'refused'] += 1;
          return result;
        },
      },
    }),
    passBegins() {
      const mark = idAtTime(Math.floor(clock.now() / 1000));
      return () => {
        if (mark > newestMark) newestMark = mark;
      };
    },
    referenced,
    ignoreTimes() {
      judgesTimes = false;
    },
  };
}

function addState(live: Set<string>, { head, files }: ShardState): void {
  for (const file of allFiles(files)) live.add(objectKey(file.id));
  for (const segment of head.segments) live.add(segmentKey(segment.id));
}

function idOf(key: string): string {
  return key.slice(key.indexOf('/') + 1, key.lastIndexOf('.'));
}
