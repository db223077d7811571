/** Records that are damaged, newer or of another store: every call that meets one says so, and changes nothing. */
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, text } from './support/answers.ts';
import { type Backends, newBackends, objectKeys } from './support/backends.ts';
import { damagesOf, type RottenBackends, rottenBackends } from './support/rot.ts';

const quiet: OpenOptions = { compaction: 'manual', refreshMs: 1e9, tuning: { threads: 0, blockBytes: 64 } };
const HEAD = 'shard/000001/head';

/** A store with everything that can be damaged, and a handle that read it before. */
interface Scene extends RottenBackends {
  readonly store: Store;
  /** Keys of records, and what they hold. */
  readonly head: Uint8Array;
  readonly map: Uint8Array;
  readonly record: Uint8Array;
  readonly segment: readonly [key: string, bytes: Uint8Array];
  readonly pins: readonly [key: string, bytes: Uint8Array];
  readonly pin: readonly [key: string, bytes: Uint8Array];
  open(options?: OpenOptions): Promise<Store>;
  end(): Promise<void>;
}

/**
 * Makes a store of two shards with segments, garbage and a snapshot. `store` has made a pass of garbage collection, so
 * that the next one would delete; since then the second shard has moved on, so that a refresh reads it.
 */
async function newScene(): Promise<Scene> {
  const backends = newBackends();
  const rotten = rottenBackends(backends);
  const clock = virtualClock();
  const options = { ...quiet, ...rotten, clock, shards: ['m'] };
  const writer = await open('memory:', options);
  for (let index = 0; index < 40; index += 1) await writeBoth(writer, index);
  const snapshot = await writer.snapshot();
  const store = await open('memory:', options);
  await writer.compact();
  await clock.advance(1000);
  await store.gc();
  await clock.advance(1000);
  const before = new Set(await objectKeys(backends.objects, 'checkpoint/'));
  for (let index = 40; index < 80; index += 1) await writeBoth(writer, index);
  const bytesOf = async (key: string): Promise<Uint8Array> => {
    const [register] = await backends.registers.read([key]);
    if (register === undefined) throw new Error(`no such register: ${key}`);
    return register.value;
  };
  const pinsKey = await firstOf(backends.registers.list('pins/'));
  const segments = await objectKeys(backends.objects, 'checkpoint/');
  const [pinKey = ''] = await objectKeys(backends.objects, 'pin/');
  const head = await bytesOf(HEAD);
  const isNamed = (key: string): boolean => Buffer.from(head).includes(key.slice('checkpoint/'.length, -5));
  const segmentKey = segments.find((key) => !before.has(key) && isNamed(key)) ?? '';
  return {
    ...rotten,
    store,
    head,
    map: await bytesOf('map'),
    record: await bytesOf('store'),
    segment: [segmentKey, await backends.objects.get(segmentKey)],
    pins: [pinsKey, await bytesOf(pinsKey)],
    pin: [pinKey, await backends.objects.get(pinKey)],
    open: (more = {}) => open('memory:', { ...options, ...more }),
    async end() {
      rotten.rot.clear();
      await snapshot.close();
      await Promise.all([writer.close(), store.close()]);
    },
  };
}

async function writeBoth(store: Store, index: number): Promise<void> {
  await store.write([
    { type: 'put', key: `a${index % 10}`, value: `${index}` },
    { type: 'put', key: `z${index % 10}`, value: `${index}` },
  ]);
}

async function firstOf(registers: AsyncIterable<{ readonly key: string }>): Promise<string> {
  for await (const { key } of registers) return key;
  throw new Error('nothing is listed');
}

/** Returns how often anything was written or deleted. */
function changesOf({ objects, registers }: Backends): readonly number[] {
  return [objects.counters.puts, objects.counters.deletes, registers.counters.registersWritten];
}

/** Calls that must end with `code` and a message that names `place`, and leave everything as it was. */
async function expectRefused(
  { sound }: RottenBackends,
  what: string,
  code: string,
  place: string,
  calls: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<void> {
  const before = changesOf(sound);
  for (const [name, call] of Object.entries(calls)) {
    let message = 'no error';
    const found = await codeOf(async () => {
      try {
        await call();
      } catch (error) {
        message = error instanceof Error ? error.message : String(error);
        throw error;
      }
    });
    expect([name, what, found]).toEqual([name, what, code]);
    expect(message, `${name}, ${what}`).toContain(place);
  }
  expect(changesOf(sound), what).toEqual(before);
}

/** Changes only some bytes: the manifest's own tests change every bit, here the calls that read it differ. */
function* someDamagesOf(bytes: Uint8Array, every: number): ReturnType<typeof damagesOf> {
  let number = 0;
  for (const damage of damagesOf(bytes)) {
    number += 1;
    if (!damage[0].startsWith('byte ') || number % every === 0) yield damage;
  }
}

describe('a damaged or newer record', () => {
  it('is what a store without damage is not', async () => {
    const scene = await newScene();
    const { store } = scene;
    expect(text(await store.get('z9', { atLeast: 'latest' }))).toBe('79');
    expect((await store.gc()).objectsDeleted).toBeGreaterThan(0);
    await (await scene.open()).close();
    await store.compact();
    await scene.end();
  });

  it('of a head: open, refresh, compaction, collection and writes report it', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    for (const [what, bytes, code] of someDamagesOf(scene.head, 13)) {
      rot.set(HEAD, bytes);
      await expectRefused(scene, what, code, HEAD, {
        open: () => scene.open(),
        refresh: () => store.get('a', { atLeast: 'latest' }),
        gc: () => store.gc(),
        compact: () => store.compact(),
        truncate: () => store.truncateHistory(1),
      });
    }
    expect(text(await store.get('z9'))).toBe('39');
    await scene.end();
  });

  it('of the shard map: open and collection report it', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    for (const [what, bytes, code] of damagesOf(scene.map)) {
      rot.set('map', bytes);
      await expectRefused(scene, what, code, 'map', { open: () => scene.open(), gc: () => store.gc() });
    }
    await scene.end();
  });

  it('of the store: open, and calls that look for families, report it', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    for (const [what, bytes, code] of damagesOf(scene.record)) {
      rot.set('store', bytes);
      await expectRefused(scene, what, code, 'store', {
        open: () => scene.open(),
        createFamily: () => store.createFamily('more'),
        truncate: () => store.truncateHistory(1),
      });
    }
    await scene.end();
  });

  it('of a checkpoint: everything that needs it reports it', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    const [key, segment] = scene.segment;
    for (const [what, bytes, code] of someDamagesOf(segment, 97)) {
      rot.set(key, bytes);
      await expectRefused(scene, what, code, key, {
        open: () => scene.open(),
        refresh: () => store.get('a', { atLeast: 'latest' }),
        gc: () => store.gc(),
        compact: () => store.compact(),
      });
    }
    rot.set(key, undefined);
    await expectRefused(scene, 'lost', 'CLORTHO_CORRUPT', key, {
      open: () => scene.open(),
      refresh: () => store.get('a', { atLeast: 'latest' }),
      gc: () => store.gc(),
    });
    await scene.end();
  });

  it('of pins: nothing is collected, dropped or merged; reads and writes go on', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    const [key, pins] = scene.pins;
    await store.get('a', { atLeast: 'latest' });
    for (const [what, bytes, code] of damagesOf(pins)) {
      rot.set(key, bytes);
      await expectRefused(scene, what, code, key, {
        gc: () => store.gc(),
        compact: () => store.compact(),
        truncate: () => store.truncateHistory(1),
      });
    }
    await (await scene.open()).close();
    await store.put('a0', 'on');
    expect(text(await store.get('a0'))).toBe('on');
    await scene.end();
  });

  it('of what a snapshot pinned: nothing is collected', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    const [key, pin] = scene.pin;
    for (const [what, bytes, code] of someDamagesOf(pin, 13)) {
      rot.set(key, bytes);
      await expectRefused(scene, what, code, key, { gc: () => store.gc() });
    }
    rot.set(key, undefined);
    await expectRefused(scene, 'lost', 'CLORTHO_CORRUPT', key, { gc: () => store.gc() });
    await scene.end();
  });
});

describe('a record of another place', () => {
  it('of another store is refused, wherever it lies', async () => {
    const [scene, other] = await Promise.all([newScene(), newScene()]);
    const { store, rot } = scene;
    const calls = {
      open: () => scene.open(),
      refresh: () => store.get('a', { atLeast: 'latest' }),
      gc: () => store.gc(),
      compact: () => store.compact(),
    };
    rot.set(HEAD, other.head);
    await expectRefused(scene, 'head', 'CLORTHO_CORRUPT', HEAD, calls);
    rot.clear();
    rot.set(scene.segment[0], other.segment[1]);
    await expectRefused(scene, 'segment', 'CLORTHO_CORRUPT', scene.segment[0], calls);
    rot.clear();
    rot.set('map', other.map);
    await expectRefused(scene, 'map', 'CLORTHO_CORRUPT', 'map', { open: calls.open, gc: calls.gc });
    rot.clear();
    rot.set('store', other.record);
    await expectRefused(scene, 'store', 'CLORTHO_CORRUPT', 'map', { open: calls.open });
    await expectRefused(scene, 'store', 'CLORTHO_CORRUPT', 'store', {
      createFamily: () => store.createFamily('more'),
      truncate: () => store.truncateHistory(1),
    });
    rot.clear();
    rot.set(scene.pin[0], other.pin[1]);
    await expectRefused(scene, 'pin', 'CLORTHO_CORRUPT', scene.pin[0], { gc: calls.gc });
    rot.clear();
    rot.set(scene.pins[0], other.pins[1]);
    await expectRefused(scene, 'pins', 'CLORTHO_CORRUPT', other.pin[0], { gc: calls.gc });
    await Promise.all([scene.end(), other.end()]);
  });

  it('of another shard is refused', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    const calls = {
      open: () => scene.open(),
      refresh: () => store.get('a', { atLeast: 'latest' }),
      gc: () => store.gc(),
    };
    const [first] = await scene.registers.read(['shard/000000/head']);
    rot.set(HEAD, first?.value);
    await expectRefused(scene, 'head', 'CLORTHO_CORRUPT', HEAD, calls);
    rot.clear();
    const segments = await objectKeys(scene.objects, 'checkpoint/');
    const named = segments.filter((key) => Buffer.from(first?.value ?? []).includes(key.slice(11, -5)));
    for (const key of named) {
      rot.set(scene.segment[0], await scene.objects.get(key));
      await expectRefused(scene, key, 'CLORTHO_CORRUPT', scene.segment[0], calls);
    }
    expect(named.length).toBeGreaterThan(0);
    await scene.end();
  });

  it('of another version than its register is refused', async () => {
    const scene = await newScene();
    const { store, rot } = scene;
    await store.get('a', { atLeast: 'latest' });
    const [older] = await scene.registers.read([HEAD]);
    await store.put('z9', 'newer');
    rot.set(HEAD, older?.value);
    await expectRefused(scene, 'head', 'CLORTHO_CORRUPT', HEAD, { open: () => scene.open() });
    await scene.end();
  });

  it('that is missing while others are there is damage, not a store to be created', async () => {
    const scene = await newScene();
    for (const [key, place] of [
      ['store', 'no record: at=memory:'],
      ['map', 'no shard map: at=memory:'],
      [HEAD, HEAD],
    ] as const) {
      scene.rot.clear();
      scene.rot.set(key, undefined);
      await expectRefused(scene, key, 'CLORTHO_CORRUPT', place, { open: () => scene.open() });
    }
    scene.rot.set('map', undefined);
    await expectRefused(scene, 'map', 'CLORTHO_CORRUPT', 'map', { gc: () => scene.store.gc() });
    await scene.end();
  });
});

describe('an open that fails', () => {
  it('has created no family', async () => {
    const scene = await newScene();
    const damaged = scene.head.slice(0, -1);
    scene.rot.set(HEAD, damaged);
    await expectRefused(scene, 'head', 'CLORTHO_CORRUPT', HEAD, {
      open: () => scene.open({ families: { more: {} } }),
    });
    await scene.end();
  });
});
