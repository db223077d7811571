/**
 * What a store references: registers, checkpoints, pins, and the files that the manifest lists.
 *
 *     map ─► heads ─► checkpoints ─► files
 *     pins ─► pin objects ─► heads ─► checkpoints ─► files
 *
 * Everything is read again, whatever the process knows of it already.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import {
  allFiles,
  decodeHead,
  decodePinObject,
  decodePins,
  type FileEntry,
  headKey,
  loadState,
  type ManifestContext,
  objectKey,
  PINS_PREFIX,
  pinObjectKey,
  readStates,
  SHARD_MAP_KEY,
  type ShardState,
  segmentKey,
} from '@clortho/manifest';
import type { Catalog } from '../catalog/catalog.ts';
import { STORE_KEY } from '../catalog/record.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import type { VerifyFinding } from './verify-report.ts';

/** A file of a shard, as one manifest lists it. */
export interface ListedFile {
  readonly state: ShardState;
  readonly entry: FileEntry;
  /** Listed by the newest state of a shard, not only by a pin. */
  readonly isLive: boolean;
}

/** What was found. */
export interface References {
  /** The newest states of the shards that could be read. */
  readonly states: readonly ShardState[];
  /** By id: the entries of a file. */
  readonly files: ReadonlyMap<string, readonly ListedFile[]>;
  /** The keys of all objects that are referenced. */
  readonly objects: ReadonlySet<string>;
  readonly registers: number;
  readonly checkpoints: number;
  readonly pins: number;
  readonly findings: readonly VerifyFinding[];
}

/** What reading references needs. */
export interface ReferencesContext {
  readonly manifest: ManifestContext;
  readonly keeper: ViewKeeper;
  readonly catalog: Catalog;
  /** The id of the store. */
  readonly store: string;
}

/** Reads them all. @throws what registers and objects throw, damage aside. */
export async function readReferences(context: ReferencesContext, signal?: AbortSignal): Promise<References> {
  const reading = new ReferencesReading(context, signal);
  await reading.readRegisters();
  await reading.readPins();
  return reading.found();
}

/** Tells whether an error says that bytes are damaged, gone, or of a kind that this build cannot read. */
export function isDamage(error: unknown): error is ClorthoError {
  return isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED');
}

const SEALED = 'a shard of the map is sealed: register=';

class ReferencesReading {
  readonly #context: ReferencesContext;
  readonly #signal: AbortSignal | undefined;
  readonly #states: ShardState[] = [];
  readonly #files = new Map<string, ListedFile[]>();
  readonly #objects = new Set<string>();
  readonly #checkpoints = new Set<string>();
  readonly #findings: VerifyFinding[] = [];
  #registers = 0;
  #pins = 0;

  constructor(context: ReferencesContext, signal: AbortSignal | undefined) {
    this.#context = context;
    this.#signal = signal;
  }

  found(): References {
    return {
      states: this.#states,
      files: this.#files,
      objects: this.#objects,
      registers: this.#registers,
      checkpoints: this.#checkpoints.size,
      pins: this.#pins,
      findings: this.#findings,
    };
  }

  /** Reads the record, the map, and the heads with all that they stand for. */
  async readRegisters(): Promise<void> {
    const { keeper, catalog } = this.#context;
    await this.#guard(STORE_KEY, undefined, () => catalog.refresh());
    let { map } = keeper.view;
    await this.#guard(SHARD_MAP_KEY, undefined, async () => {
      ({ map } = await keeper.readMap());
    });
    this.#registers = 2;
    for (const shard of map.shards) if (!this.#has(shard)) await this.#readShard(shard);
  }

  /** Reads a shard, and in place of one that was split meanwhile the shards that took its place. */
  async #readShard(shard: number): Promise<void> {
    const { manifest, keeper, store } = this.#context;
    this.#registers += 1;
    await this.#guard(headKey(shard), shard, async () => {
      const [state] = await readStates(manifest, store, [shard], [], this.#signal);
      if (state === undefined) return;
      if (state.head.state === 'open') return this.#add(state, true);
      const { map } = await keeper.readMap();
      if (map.shards.includes(shard)) throw new ClorthoError('CLORTHO_CORRUPT', SEALED + headKey(shard));
      for (const other of map.shards.filter((one) => one > shard && !this.#has(one)))
        await this.#readShard(other);
    });
  }

  #has(shard: number): boolean {
    return this.#states.some(({ head }) => head.shard === shard);
  }

  /** Reads what the sessions that have not ended hold. */
  async readPins(): Promise<void> {
    const { registers } = this.#context.manifest;
    for await (const register of registers.list(PINS_PREFIX, { signal: this.#signal })) {
      this.#registers += 1;
      await this.#guard(register.key, undefined, async () => {
        const { ended, pins } = decodePins(register.value, register.key);
        for (const { id } of ended ? [] : pins) await this.#readPin(register.key, id);
      });
    }
  }

  async #readPin(session: string, id: string): Promise<void> {
    const { manifest, store } = this.#context;
    const key = pinObjectKey(id);
    this.#pins += 1;
    this.#objects.add(key);
    const hold = new Set<ShardState>();
    try {
      for (const bytes of decodePinObject(await manifest.objects.get(key), key)) {
        const { shard } = decodeHead(bytes, key);
        hold.add(await loadState(manifest.objects, { store, shard }, bytes, undefined, this.#signal));
      }
    } catch (error) {
      const isMissing = isClorthoError(error, 'CLORTHO_NOT_FOUND');
      if (!isMissing && !isDamage(error)) throw error;
      // A pin that was let go meanwhile may have lost what it held.
      if (!(await this.#isHeld(session, id))) return;
      this.#report(isMissing ? 'missing' : 'damaged', key, undefined, error.message);
    }
    for (const state of hold) this.#add(state, false);
  }

  async #isHeld(session: string, id: string): Promise<boolean> {
    const [register] = await this.#context.manifest.registers.read([session]);
    return register !== undefined && decodePins(register.value, session).pins.some((pin) => pin.id === id);
  }

  #add(state: ShardState, isLive: boolean): void {
    if (isLive) this.#states.push(state);
    for (const { id } of state.head.segments) {
      this.#objects.add(segmentKey(id));
      this.#checkpoints.add(id);
    }
    for (const entry of allFiles(state.files)) {
      this.#objects.add(objectKey(entry.id));
      const listed = this.#files.get(entry.id);
      if (listed === undefined) this.#files.set(entry.id, [{ state, entry, isLive }]);
      else listed.push({ state, entry, isLive });
    }
  }

  async #guard(at: string, shard: number | undefined, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (!isDamage(error)) throw error;
      const isMissing = isClorthoError(error.cause, 'CLORTHO_NOT_FOUND');
      this.#report(isMissing ? 'missing' : 'damaged', at, shard, error.message);
    }
  }

  #report(problem: VerifyFinding['problem'], at: string, shard: number | undefined, message: string): void {
    this.#findings.push({ problem, at, shard, message });
  }
}
