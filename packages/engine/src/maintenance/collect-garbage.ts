/**
 * Garbage collection: deletes objects that nothing references and that no writer can still commit.
 *
 *     map ─► raise gcFloor to the mark of the previous pass ─► map again ─► heads and checkpoints ─► pins ─► delete
 *
 * Invariants:
 * - Clocks are not trusted: a writer whose objects lie below the floor cannot commit them, however long it stalled.
 * - The floor is raised to what the previous pass recorded, so work in flight has a whole pass to commit, and a merge
 *   of this process all the time that it takes.
 * - Pins are read after the heads: a snapshot made later sees heads that this pass has seen, or newer ones.
 * - Whatever cannot be read, for damage or a newer format, ends the pass before it has deleted anything.
 */
import { ClorthoError, idAtTime, isClorthoError } from '@clortho/base';
import {
  allFiles,
  decodeHead,
  decodePinObject,
  decodeShardMap,
  loadState,
  type ManifestContext,
  objectKey,
  pinObjectKey,
  SHARD_MAP_KEY,
  type ShardState,
  segmentKey,
} from '@clortho/manifest';
import type { Held, HeldReader } from '../snapshot/held.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { changeShards } from './change-shards.ts';

/** What a pass of garbage collection did. */
export interface GcResult {
  readonly objectsDeleted: number;
  readonly bytesDeleted: number;
  /** Unreferenced objects that are not yet below the floor: the next pass, or the one after, deletes them. */
  readonly objectsWaiting: number;
}

/** What garbage collection needs. */
export interface GcContext {
  readonly manifest: ManifestContext;
  readonly keeper: ViewKeeper;
  readonly held: HeldReader;
  readonly store: string;
  /** Returns when the oldest work under way in this process began, in microseconds, if there is any. */
  readonly workingSince: () => number | undefined;
}

/** By pin: the keys of its object and of all that it holds, which never change. */
type PinnedKeys = Map<string, ReadonlySet<string>>;

/** Runs one pass after another; each raises the floor to what the one before recorded. */
export class GarbageCollector {
  readonly #context: GcContext;
  #mark: string | undefined;

  /** Creates a collector that has recorded nothing: its first pass deletes what earlier floors allow. */
  constructor(context: GcContext) {
    this.#context = context;
  }

  /**
   * Runs one pass.
   *
   * @throws {ClorthoError} what registers and objects throw; nothing that is referenced was deleted then.
   */
  async pass(): Promise<GcResult> {
    const { manifest, keeper, workingSince } = this.#context;
    const mark = this.#mark;
    const nextMark = idAtTime(Math.floor((workingSince() ?? manifest.clock.now()) / 1000));
    // Pins that cannot be read are found out before anything has changed; which ones count is decided below.
    const pinned: PinnedKeys = new Map();
    await this.#readHeld(pinned);
    for (;;) {
      const before = await this.#mapVersion();
      if (mark !== undefined) {
        await keeper.refresh();
        await changeShards(manifest, keeper, ({ head }) =>
          head.gcFloor < mark ? { gcFloor: mark } : undefined,
        );
      }
      if ((await this.#mapVersion()) === before) break;
    }
    const { shards } = await keeper.refresh();
    const live = new Set<string>();
    for (const state of shards) addReferences(live, state);
    const pins = await this.#readHeld(pinned);
    this.#mark = nextMark;
    if (pins.everything) return { objectsDeleted: 0, bytesDeleted: 0, objectsWaiting: 0 };
    for (const { id } of pins.pins) for (const key of pinned.get(id) ?? []) live.add(key);
    const floor = shards.reduce((lowest, { head }) => (head.gcFloor < lowest ? head.gcFloor : lowest), '~');
    return this.#sweep(live, floor);
  }

  /** Reads the pins, and what they hold where `pinned` does not tell. */
  async #readHeld(pinned: PinnedKeys): Promise<Held> {
    const read = await this.#context.held.read();
    for (const { id } of read.pins) {
      const keys = pinned.get(id) ?? (await this.#keysOfPin(id));
      if (keys !== undefined) pinned.set(id, keys);
    }
    return read;
  }

  /** Returns what a pin holds. `undefined` if it was let go meanwhile: it may have lost that to another collector. */
  async #keysOfPin(pin: string): Promise<ReadonlySet<string> | undefined> {
    const key = pinObjectKey(pin);
    try {
      return await this.#readPin(key);
    } catch (error) {
      const isMissing = isClorthoError(error, 'CLORTHO_NOT_FOUND');
      if (!isMissing && !isClorthoError(error, 'CLORTHO_CORRUPT')) throw error;
      const { pins } = await this.#context.held.read();
      if (!pins.some(({ id }) => id === pin)) return undefined;
      if (!isMissing) throw error;
      throw new ClorthoError('CLORTHO_CORRUPT', `what a snapshot holds is missing: object=${key}`, {
        cause: error,
      });
    }
  }

  async #readPin(key: string): Promise<ReadonlySet<string>> {
    const { manifest, store } = this.#context;
    const keys = new Set([key]);
    for (const bytes of decodePinObject(await manifest.objects.get(key), key)) {
      const { shard, store: owner } = decodeHead(bytes, key);
      if (owner !== store)
        throw new ClorthoError('CLORTHO_CORRUPT', `a pin is of another store: object=${key} store=${owner}`);
      addReferences(keys, await loadState(manifest.objects, { store, shard }, bytes, undefined));
    }
    return keys;
  }

  async #mapVersion(): Promise<number> {
    const { manifest, store } = this.#context;
    const [map] = await manifest.registers.read([SHARD_MAP_KEY]);
    if (map === undefined)
      throw new ClorthoError('CLORTHO_CORRUPT', `the store has no shard map: register=${SHARD_MAP_KEY}`);
    decodeShardMap(map.value, store); // A newer format may have shards that this pass would not see.
    return map.version;
  }

  async #sweep(live: ReadonlySet<string>, floor: string): Promise<GcResult> {
    const { objects } = this.#context.manifest;
    const doomed: string[] = [];
    let bytesDeleted = 0;
    let objectsWaiting = 0;
    for (const prefix of ['sst/', 'checkpoint/', 'pin/']) {
      for await (const { key, bytes } of objects.list(prefix)) {
        if (live.has(key)) continue;
        if (idOf(key) >= floor) {
          objectsWaiting += 1;
          continue;
        }
        doomed.push(key);
        bytesDeleted += bytes;
      }
    }
    await objects.delete(doomed);
    return { objectsDeleted: doomed.length, bytesDeleted, objectsWaiting };
  }
}

function addReferences(live: Set<string>, { head, files }: ShardState): void {
  for (const file of allFiles(files)) live.add(objectKey(file.id));
  for (const segment of head.segments) live.add(segmentKey(segment.id));
}

function idOf(key: string): string {
  return key.slice(key.indexOf('/') + 1, key.lastIndexOf('.'));
}
