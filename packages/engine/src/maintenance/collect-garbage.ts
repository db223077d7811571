/**
 * Garbage collection: deletes objects that nothing references and that no writer can still commit.
 *
 *     map ─► raise gcFloor to the mark of the previous pass ─► map again ─► heads and checkpoints ─► pins ─► delete
 *
 * Invariants:
 * - Clocks are not trusted: a writer whose objects lie below the floor cannot commit them, however long it stalled.
 * - The floor is raised to what the previous pass recorded, so work in flight has a whole pass to commit.
 * - Pins are read after the heads: a snapshot made later sees heads that this pass has seen, or newer ones.
 */
import { idAtTime } from '@clortho/base';
import {
  allFiles,
  decodeHead,
  decodePinObject,
  loadState,
  type ManifestContext,
  objectKey,
  pinObjectKey,
  SHARD_MAP_KEY,
  type ShardState,
  segmentKey,
} from '@clortho/manifest';
import type { HeldReader } from '../snapshot/held.ts';
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
}

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
    const { manifest, keeper, held, store } = this.#context;
    const mark = this.#mark;
    const nextMark = idAtTime(Math.floor(manifest.clock.now() / 1000));
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
    const pins = await held.read();
    this.#mark = nextMark;
    if (pins.everything) return { objectsDeleted: 0, bytesDeleted: 0, objectsWaiting: 0 };
    for (const pin of pins.pins) {
      const key = pinObjectKey(pin.id);
      live.add(key);
      const heads = decodePinObject(await manifest.objects.get(key), key);
      for (const bytes of heads) {
        const { shard } = decodeHead(bytes, key);
        addReferences(live, await loadState(manifest.objects, { store, shard }, bytes, undefined));
      }
    }
    const floor = shards.reduce((lowest, { head }) => (head.gcFloor < lowest ? head.gcFloor : lowest), '~');
    return this.#sweep(live, floor);
  }

  async #mapVersion(): Promise<number> {
    const [map] = await this.#context.manifest.registers.read([SHARD_MAP_KEY]);
    return map?.version ?? 0;
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
