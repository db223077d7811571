/**
 * Keeps the newest known view of a store: by its own commits at once, by others' through refreshing.
 *
 * Invariants:
 * - The view only moves forward, shard by shard, and is a cut at every moment (see `store-view.ts`).
 * - A refresh reads all heads in one consistent call; at most one is under way, and one waits behind it.
 * - A map is the newest as long as no head that it names is sealed: the swap that moves the map seals what it
 *   replaces. So the map is read only then, and a cut of open heads proves it right.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import {
  decodeShardMap,
  headKey,
  loadState,
  type ManifestContext,
  SHARD_MAP_KEY,
  type ShardMap,
  type ShardState,
  type VersionedShardMap,
} from '@clortho/manifest';
import type { Register } from '@clortho/registers';
import type { CommitToken } from '../api.ts';
import { joinStates, type StoreView, stateOfShard } from './store-view.ts';

/** How often heads are read again because a checkpoint was replaced while it was read. */
const RELOADS_MAX = 8;

/** Called with the view before and after every change. */
export type ViewListener = (before: StoreView, after: StoreView) => void;

/** Keeps the view; see the module. */
export class ViewKeeper {
  readonly #context: ManifestContext;
  readonly #store: string;
  readonly #listeners = new Set<ViewListener>();
  #view: StoreView;
  #running: Promise<StoreView> | undefined;
  #waiting: Promise<StoreView> | undefined;

  /** Reads the first view. */
  static async open(context: ManifestContext, store: string, map: ShardMap): Promise<ViewKeeper> {
    return new ViewKeeper(context, store, await readNewest(context, store, { map, shards: [] }));
  }

  private constructor(context: ManifestContext, store: string, view: StoreView) {
    this.#context = context;
    this.#store = store;
    this.#view = view;
  }

  /** The newest known view. */
  get view(): StoreView {
    return this.#view;
  }

  /** Calls `listener` after every change of the view, until the function that this returns is called. */
  onChange(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes in the states that a commit of this process led to. */
  publish(states: Iterable<ShardState>): void {
    this.#replace(joinStates(this.#view, states));
  }

  /** Returns the shard map as its register has it. */
  async readMap(): Promise<VersionedShardMap> {
    return readMap(this.#context, this.#store);
  }

  /** Returns a view at least as new as the registers were when this was called. */
  async refresh(): Promise<StoreView> {
    // One that waits has not begun to read. Never two at a time: the older one could end last.
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#running === undefined) return this.#start();
    this.#waiting = this.#running.then(
      () => this.#startWaiting(),
      () => this.#startWaiting(),
    );
    return this.#waiting;
  }

  /**
   * Returns a view that contains the commit of the token, or everything committed before the call.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the token is of another store.
   */
  async atLeast(token: CommitToken | 'latest' | undefined): Promise<StoreView> {
    if (token === undefined) return this.#view;
    if (token !== 'latest' && contains(this.#view, token)) return this.#view;
    const view = await this.refresh();
    if (token === 'latest' || contains(view, token)) return view;
    throw new ClorthoError('CLORTHO_INVALID', 'the commit token belongs to another store');
  }

  #startWaiting(): Promise<StoreView> {
    this.#waiting = undefined;
    return this.#start();
  }

  #start(): Promise<StoreView> {
    this.#running = this.#read().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #read(): Promise<StoreView> {
    const newest = await readNewest(this.#context, this.#store, this.#view);
    // Only refreshes move the map, and one at a time: this map is the newer one.
    this.#replace(joinStates(newest, this.#view.shards));
    return this.#view;
  }

  #replace(view: StoreView): void {
    const before = this.#view;
    this.#view = view;
    for (const listener of this.#listeners) listener(before, view);
  }
}

/**
 * Reads all heads and what they refer to. A checkpoint may be replaced and deleted between the two: heads that
 * moved on meanwhile are read again.
 */
async function readNewest(
  context: ManifestContext,
  store: string,
  { map: knownMap, shards: known }: StoreView,
): Promise<StoreView> {
  let map = knownMap;
  for (let tries = 0; ; tries += 1) {
    const registers = await context.registers.read(map.shards.map(headKey));
    try {
      const shards = await statesOf(context, store, map, registers, known);
      if (shards.every(({ head }) => head.state === 'open')) return { map, shards };
      map = (await readMap(context, store)).map;
    } catch (error) {
      if (tries >= RELOADS_MAX || !isClorthoError(error, 'CLORTHO_CORRUPT')) throw error;
      const again = await context.registers.read(map.shards.map(headKey));
      const haveMoved = again.some((register, index) => register?.version !== registers[index]?.version);
      if (haveMoved) continue;
      // A sealed shard keeps its head and loses its checkpoints: what it had is in the shards of the newest map.
      const newest = (await readMap(context, store)).map;
      if (newest.shards.join() === map.shards.join()) throw error;
      map = newest;
    }
  }
}

async function statesOf(
  context: ManifestContext,
  store: string,
  { shards }: ShardMap,
  registers: readonly (Register | undefined)[],
  known: readonly ShardState[],
): Promise<ShardState[]> {
  const byNumber = new Map(known.map((state) => [state.head.shard, state]));
  return Promise.all(
    registers.map(async (register, index) => {
      const shard = shards[index] as number;
      if (register === undefined) {
        throw new ClorthoError(
          'CLORTHO_CORRUPT',
          `a shard of the map has no head: register=${headKey(shard)}`,
        );
      }
      const state = byNumber.get(shard);
      if (state !== undefined && register.version <= state.head.version) return state;
      return loadState(context.objects, { store, shard, version: register.version }, register.value, state);
    }),
  );
}

async function readMap({ registers }: ManifestContext, store: string): Promise<VersionedShardMap> {
  const [register] = await registers.read([SHARD_MAP_KEY]);
  if (register === undefined) {
    throw new ClorthoError('CLORTHO_CORRUPT', `the store has no shard map: at=${registers.name}`);
  }
  return { map: decodeShardMap(register.value, store), version: register.version };
}

/** A shard that is not in the map has been split: what it had at its end is in the shards of the map. */
function contains(view: StoreView, token: CommitToken): boolean {
  const highest = Math.max(...view.map.shards);
  return Object.entries(token).every(([key, version]) => {
    const shard = Number(key);
    const state = stateOfShard(view, shard);
    return state === undefined ? shard < highest : state.head.version >= version;
  });
}
