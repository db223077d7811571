/** Opening a store: backends, record, families, first view, background work. */
import { ClorthoError, equalBytes, idSource, type Random, systemClock, systemRandom } from '@clortho/base';
import type { DiskCache } from '@clortho/block-cache';
import { decodeShardMap, type ManifestContext, SHARD_MAP_KEY, type ShardMap } from '@clortho/manifest';
import type { Register } from '@clortho/registers';
import { Catalog } from '../catalog/catalog.ts';
import { decodeStoreRecord, STORE_KEY, type StoreRecord } from '../catalog/record.ts';
import { Metrics } from '../metrics/metrics.ts';
import { observedObjects, observedRegisters } from '../metrics/observed-backends.ts';
import type { OpenOptions } from '../options.ts';
import { Store, type StoreParts } from '../store.ts';
import { ViewKeeper } from '../view/view-keeper.ts';
import { type Backends, openBackends } from './backends.ts';
import { checkNewStore, createStore, splitKeys } from './create-store.ts';
import { openCacheOf } from './open-disk-cache.ts';

/**
 * Opens the store at a URL, creating it if it is missing and `create` allows.
 *
 * A failed open creates and changes nothing.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the URL or an option is malformed or contradicts what the store was
 *   created with; `CLORTHO_NOT_FOUND` if the store (or its bucket or table) is missing; `CLORTHO_UNSUPPORTED` if
 *   its format is newer; `CLORTHO_CORRUPT` if what is there is no store; `CLORTHO_UNAVAILABLE` if a backend cannot
 *   be reached or refuses the credentials.
 */
export async function open(url: string, options: OpenOptions = {}): Promise<Store> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  await checkNewStore(options);
  const mayCreate = options.create !== 'never' && options.readOnly !== true;
  const backends = await openBackends(url, options, clock, random, mayCreate);
  const metrics = new Metrics(backends.objects.name, clock);
  const observed: Backends = {
    objects: observedObjects(backends.objects, metrics),
    registers: observedRegisters(backends.registers, metrics),
    close: () => backends.close(),
  };
  let disk: DiskCache | undefined;
  try {
    disk = await openCacheOf(options, clock, random);
    return await openOn({ backends: observed, disk }, options, metrics, random, mayCreate);
  } catch (error) {
    await disk?.close();
    await backends.close();
    throw error;
  }
}

async function openOn(
  { backends, disk }: Pick<StoreParts, 'backends' | 'disk'>,
  options: OpenOptions,
  metrics: Metrics,
  random: Random,
  mayCreate: boolean,
): Promise<Store> {
  const { registers, objects } = backends;
  const { clock } = metrics;
  const ids = idSource(clock, random);
  let [found] = await Promise.all([readStore(backends), reachObjects(backends)]);
  if (found !== undefined && options.create === 'new') {
    throw new ClorthoError('CLORTHO_INVALID', `the store exists already: at=${objects.name}`);
  }
  if (found === undefined) {
    if (!mayCreate)
      throw new ClorthoError('CLORTHO_NOT_FOUND', `there is no store, create it first: at=${objects.name}`);
    const id = await createStore({ registers, ids, random }, options);
    found = await readStore(backends);
    if (found === undefined)
      throw new ClorthoError('CLORTHO_UNAVAILABLE', `the store was not created: at=${objects.name}`);
    if (options.create === 'new' && found.record.id !== id)
      throw new ClorthoError('CLORTHO_INVALID', `another process created the store: at=${objects.name}`);
  }
  checkAgainst(found.record, found.map, options);
  const tailEditsMax = options.tuning?.tailEdits;
  const manifest: ManifestContext = { objects, registers, clock, random, ids, tailEditsMax };
  const catalog = await Catalog.of(registers, objects.name, found.record, options.families ?? {});
  // The heads are read first: nothing is added to a store that cannot be opened.
  const keeper = await ViewKeeper.open(manifest, found.record.id, found.map);
  if (options.readOnly !== true) {
    await catalog.ensure(options.families ?? {});
  }
  return new Store({ backends, disk, manifest, metrics, catalog, keeper, record: found.record, options });
}

async function readStore(
  backends: Backends,
): Promise<{ readonly record: StoreRecord; readonly map: ShardMap } | undefined> {
  const at = backends.registers.name;
  const [store, map] = await readBoth(backends, [STORE_KEY, SHARD_MAP_KEY]);
  if (store === undefined) {
    // Written together with the map, the record cannot be missing alone; written after it, it can.
    if (map === undefined || !backends.registers.supports.atomicMany) return undefined;
    throw new ClorthoError('CLORTHO_CORRUPT', `the store has no record: at=${at}`);
  }
  if (map === undefined) throw new ClorthoError('CLORTHO_CORRUPT', `the store has no shard map: at=${at}`);
  const record = decodeStoreRecord(store.value, at);
  return { record, map: decodeShardMap(map.value, record.id) };
}

/** Finds a missing bucket or refused credentials now, not at the first write: lists a folder that is always empty. */
async function reachObjects({ objects }: Backends): Promise<void> {
  await objects.list('reach/')[Symbol.asyncIterator]().next();
}

async function readBoth(
  { registers }: Backends,
  keys: readonly string[],
): Promise<readonly (Register | undefined)[]> {
  if (registers.supports.atomicMany) return registers.read(keys);
  return Promise.all(keys.map(async (key) => (await registers.read([key]))[0]));
}

function checkAgainst(record: StoreRecord, map: ShardMap, options: OpenOptions): void {
  if (options.time !== undefined && options.time !== record.time) {
    throw contradiction('time', record.time, options.time);
  }
  // What shards the store was created with is known as long as none was split.
  if (options.shards === undefined || map.shards.some((shard, position) => shard !== position)) return;
  const splits = splitKeys(options.shards);
  const isSame =
    splits.length === map.splits.length &&
    splits.every((key, index) => equalBytes(key, map.splits[index] as Uint8Array));
  if (!isSame)
    throw contradiction('shards', `${map.shards.length}`, `${splits.length + 1}, or other split keys`);
}

function contradiction(what: string, remembered: string, given: string): ClorthoError {
  return new ClorthoError(
    'CLORTHO_INVALID',
    `the option contradicts what the store was created with: option=${what} store=${remembered} given=${given}`,
  );
}
