/** Verifying a store: nothing is wrong with a sound one, and every damage is found and named. */
import { encodeUtf8 } from '@clortho/base';
import {
  decodeHead,
  decodeSegment,
  encodeHead,
  encodeSegment,
  type FileEntry,
  type Head,
  headKey,
  segmentKey,
} from '@clortho/manifest';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CollectorDefinition,
  type OpenOptions,
  open,
  type Store,
  type VerifyFinding,
} from '../../src/index.ts';
import { codeOf } from '../support/answers.ts';
import { type Backends, hookedObjects, newBackends, objectKeys } from '../support/backends.ts';
import { type RottenBackends, rottenBackends } from '../support/rot.ts';

const quiet: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  refreshMs: 1e9,
  tuning: { threads: 0, blockBytes: 64, fileBytes: 200, historyBucketMs: 0.01 },
};
const families: OpenOptions['families'] = {
  sums: { merge: 'append' },
  log: { kind: 'log', log: { windowMs: 1 } },
  short: { ttlMs: 1 },
  sizes: { statistics: [{ type: 'minMax', name: 'size', column: { type: 'uint8', offset: 0 } }] },
};

/** Fills a store with rows of every tier and family. */
async function fill(store: Store, rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    const key = `k${round % 7}`;
    await store.write(
      [
        { type: 'put', key, value: `${round}` },
        { type: 'put', key: `z${round}`, value: 'x'.repeat(40) },
        { type: 'merge', key, value: '1', family: 'sums' },
        { type: 'put', key, value: `log ${round}`, family: 'log' },
        { type: 'put', key, value: `${round}`, family: 'short' },
        { type: 'put', key, value: Uint8Array.of(round), family: 'sizes' },
        ...(round % 5 === 0 ? [{ type: 'deleteRange', start: 'k2', end: 'k4' } as const] : []),
        ...(round % 6 === 0 ? [{ type: 'del', key } as const] : []),
      ],
      { timestamp: round * 100 },
    );
    if (round % 8 === 0) await store.compact();
  }
}

describe('a sound store', () => {
  it('has no findings, in the middle of its life and at every turn of it', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, families, shards: ['k3'] });
    const found = async (): Promise<readonly VerifyFinding[]> => (await store.verify()).findings;
    expect(await found()).toEqual([]);
    await fill(store, 30);
    expect(await found()).toEqual([]);
    const snapshot = await store.snapshot();
    await store.splitShard(1, 'z2');
    expect(await found()).toEqual([]);
    await store.write([{ type: 'put', key: 'z2', value: 'again' }], { timestamp: 10_000 });
    await store.truncateHistory(1500);
    await store.compact();
    expect(await found()).toEqual([]);
    await store.gc();
    await store.gc();
    const report = await store.verify();
    expect(report).toMatchObject({ findings: [], pins: 1 });
    expect(report.checkpoints).toBeGreaterThan(0);
    await snapshot.close();
    await store.close();
  });

  it('is read as a whole, with progress, by a handle that cannot write', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends, families });
    await fill(writer, 20);
    const { shards } = await writer.stats();
    const entries = shards.flatMap((shard) => shard.families.flatMap((family) => family.entries));
    await writer.close();
    const reader = await open('memory:', { ...quiet, ...backends, readOnly: true });
    const heard: number[] = [];
    const report = await reader.verify({
      onProgress: ({ bytes, bytesTotal }) => heard.push(bytes / bytesTotal),
    });
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
    expect(report).toMatchObject({ files: entries.length, rows, bytes, findings: [] });
    expect(heard).toHaveLength(entries.length);
    expect(heard.at(-1)).toBe(1);
    expect(await codeOf(() => reader.verify({ signal: AbortSignal.abort() }))).toBe('CLORTHO_ABORTED');
    await reader.close();
  });

  it('has orphans that are told of and are no findings', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    await store.put('k', 'v', { timestamp: 1 });
    const [key = ''] = await objectKeys(backends.objects, 'sst/');
    const orphan = key.replace(/.\.sst$/, (end) => (end === 'Z.sst' ? 'Y.sst' : 'Z.sst'));
    await backends.objects.put(orphan, new Uint8Array(7));
    expect(await store.verify()).toMatchObject({ findings: [], orphans: [{ key: orphan, bytes: 7 }] });
    await store.close();
  });

  it('may be compacted and collected by others meanwhile', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends });
    for (let index = 1; index <= 20; index += 1) await writer.put('k', `${index}`, { timestamp: index });
    let isDone = false;
    const objects = hookedObjects(backends.objects, async (call, key) => {
      if (isDone || call !== 'get' || !key.startsWith('sst/')) return;
      isDone = true;
      await writer.compact();
      for (let pass = 0; pass < 3; pass += 1) await writer.gc();
      for (const orphan of await objectKeys(backends.objects, 'sst/'))
        if (!(await isLive(writer, orphan))) await backends.objects.delete([orphan]);
    });
    const reader = await open('memory:', { ...quiet, ...backends, objects, readOnly: true });
    expect((await reader.verify()).findings).toEqual([]);
    expect(isDone).toBe(true);
    await Promise.all([reader.close(), writer.close()]);
  });
});

async function isLive(store: Store, key: string): Promise<boolean> {
  const { shards } = await store.stats();
  return shards.some((shard) =>
    shard.families.some((family) => family.entries.some(({ id }) => key === `sst/${id}.sst`)),
  );
}

describe('damage', () => {
  let sound: Backends;
  let files: readonly string[];

  beforeAll(async () => {
    sound = newBackends();
    const store = await open('memory:', { ...quiet, ...sound, families });
    await fill(store, 20);
    await store.close();
    files = await objectKeys(sound.objects, 'sst/');
  });

  /** Returns the findings once `rot` has been put in. */
  async function findings(
    rot: (backends: RottenBackends) => Promise<void> | void,
    more: OpenOptions = {},
  ): Promise<readonly VerifyFinding[]> {
    const backends = rottenBackends(sound);
    const { objects, registers } = backends;
    const store = await open('memory:', { ...quiet, ...more, objects, registers, readOnly: true });
    await rot(backends);
    const report = await store.verify();
    await store.close();
    return report.findings;
  }

  /** Changes the entries of the shard where they stand, in the head and its checkpoints. */
  async function editEntries({ rot }: RottenBackends, edit: (entry: FileEntry) => FileEntry): Promise<void> {
    const head = await soundHead();
    const tail = head.tail.map((one) => ({ ...one, added: one.added.map(edit) }));
    rot.set(headKey(0), encodeHead({ ...head, tail }));
    for (const { id } of head.segments) {
      const key = segmentKey(id);
      const { store, shard, segment } = decodeSegment(await sound.objects.get(key), key);
      rot.set(key, encodeSegment(store, shard, { ...segment, added: segment.added.map(edit) }));
    }
  }

  async function soundHead(): Promise<Head> {
    const [register] = await sound.registers.read([headKey(0)]);
    return decodeHead(register?.value ?? new Uint8Array(0), 'head');
  }

  /** A live entry with these properties. */
  async function someEntry(which: (entry: FileEntry) => boolean): Promise<FileEntry> {
    const store = await open('memory:', { ...quiet, ...sound, readOnly: true });
    const { shards } = await store.stats();
    await store.close();
    const entries = shards.flatMap((shard) => shard.families.flatMap((family) => family.entries));
    const found = entries.find(which);
    if (found === undefined) throw new Error('no such entry');
    return found;
  }

  const liveFile = async (): Promise<string> => `sst/${(await someEntry(() => true)).id}.sst`;

  it('of any byte of a file is found, and the file is named', async () => {
    const key = await liveFile();
    const bytes = await sound.objects.get(key);
    for (let index = 0; index < bytes.length; index += 37) {
      const flipped = bytes.map((byte, at) => (at === index ? byte ^ 0x10 : byte));
      const found = await findings(({ rot }) => void rot.set(key, flipped));
      expect(found.map(({ problem, at }) => `${problem} ${at}`)).toContain(`damaged ${key}`);
    }
  });

  it('that cut a file short or lost it is found', async () => {
    const key = await liveFile();
    const bytes = await sound.objects.get(key);
    for (const [cut, problem] of [
      [bytes.subarray(0, bytes.length - 1), 'damaged'],
      [new Uint8Array(0), 'damaged'],
      [undefined, 'missing'],
    ] as const)
      expect(await findings(({ rot }) => void rot.set(key, cut))).toMatchObject([
        { problem, at: key, shard: 0 },
      ]);
  });

  it('that put every two objects in each other’s place is found in both', async () => {
    const live = (await findings(({ rot }) => files.forEach((key) => rot.set(key, undefined)))).map(
      ({ at }) => at,
    );
    expect(live.length).toBeGreaterThan(10);
    for (const [index, left] of live.entries()) {
      const right = live[(index + 1) % live.length] as string;
      const [one, other] = [await sound.objects.get(left), await sound.objects.get(right)];
      const found = await findings(({ rot }) => void rot.set(left, other).set(right, one));
      expect(new Set(found.map(({ at }) => at))).toEqual(new Set([left, right]));
    }
  });

  it('of a number in an entry is found', async () => {
    const { id } = await someEntry((entry) => entry.tier === 'delta' && entry.rows > 1);
    for (const name of [
      'rows',
      'deletes',
      'merges',
      'rangeDeletes',
      'blocks',
      'bytes',
      'tailBytes',
    ] as const) {
      const found = await findings((backends) =>
        editEntries(backends, (entry) => (entry.id === id ? { ...entry, [name]: entry[name] + 1 } : entry)),
      );
      expect(found.map(({ problem, at, message }) => [problem, at, message.split(':')[0]])).toContainEqual([
        'entry',
        `sst/${id}.sst`,
        `${name} differ`,
      ]);
    }
  });

  it('of key bounds that hide rows is found', async () => {
    const { id, lower, upper } = await someEntry(
      ({ tier, rows, rangeDeletes }) => tier === 'delta' && rows > 1 && rangeDeletes === 0,
    );
    const within = new Uint8Array([...lower, 0]);
    for (const bounds of [
      { lower: within },
      { upper: within },
      { lower: upper as Uint8Array, upper: undefined },
    ]) {
      const found = await findings((backends) =>
        editEntries(backends, (entry) => (entry.id === id ? { ...entry, ...bounds } : entry)),
      );
      expect(found).toMatchObject([{ problem: 'bounds', at: `sst/${id}.sst`, family: 'default' }]);
    }
  });

  it('of times in an entry is found', async () => {
    const merged = await someEntry((entry) => !entry.uniform);
    for (const change of [
      { minTimestamp: merged.minTimestamp - 1 },
      { maxTimestamp: merged.maxTimestamp + 1 },
    ]) {
      const found = await findings((backends) =>
        editEntries(backends, (entry) => (entry.id === merged.id ? { ...entry, ...change } : entry)),
      );
      expect(found).toMatchObject([{ problem: 'entry', at: `sst/${merged.id}.sst` }]);
    }
    const { id } = await someEntry((entry) => entry.uniform);
    const future = { run: 1e6, minTimestamp: 1e6, maxTimestamp: 1e6 };
    const found = await findings((backends) =>
      editEntries(backends, (entry) => (entry.id === id ? { ...entry, ...future } : entry)),
    );
    expect(found).toMatchObject([
      { problem: 'entry', message: 'rows are newer than the last commit: max=1000000 commit=2000' },
    ]);
  });

  it('of statistics in an entry is found', async () => {
    const { id } = await someEntry((entry) => entry.statistics['size'] !== undefined);
    const statistics = { size: new Uint8Array(16) };
    const found = await findings((backends) =>
      editEntries(backends, (entry) => (entry.id === id ? { ...entry, statistics } : entry)),
    );
    expect(found).toMatchObject([
      { problem: 'entry', at: `sst/${id}.sst`, family: 'sizes', message: 'statistics differ: name=size' },
    ]);
  });

  it('of a checkpoint is found, damaged or gone', async () => {
    const [key = ''] = await objectKeys(sound.objects, 'checkpoint/');
    const head = await soundHead();
    const live = `checkpoint/${head.segments[0]?.id}.ckpt`;
    expect(key).not.toBe('');
    expect(await findings(({ rot }) => void rot.set(live, undefined))).toMatchObject([
      { problem: 'missing', at: headKey(0), shard: 0, message: expect.stringContaining(live) },
    ]);
    expect(await findings(({ rot }) => void rot.set(live, new Uint8Array(50)))).toMatchObject([
      { problem: 'damaged', at: headKey(0), message: expect.stringContaining(live) },
    ]);
  });

  it('of registers is found', async () => {
    for (const key of ['store', 'map', headKey(0)]) {
      expect(await findings(({ rot }) => void rot.set(key, new Uint8Array(20)))).toMatchObject([
        { problem: 'damaged', at: key },
      ]);
    }
  });
});

describe('what is wrong inside sound files', () => {
  it('is found in statistics that do not come from the rows', async () => {
    const backends = newBackends();
    const state = { lies: true };
    const first: CollectorDefinition = {
      name: 'first',
      version: 1,
      create() {
        let block = 0;
        let file = 0;
        return {
          add(row) {
            const byte = row.valueBytes[row.valueStart] ?? 0;
            block = Math.max(block, state.lies ? 1 : byte);
            file = Math.max(file, block);
          },
          finishBlock() {
            const bytes = Uint8Array.of(block);
            block = 0;
            return bytes;
          },
          finishFile: () => Uint8Array.of(file),
        };
      },
      decode: (bytes) => bytes[0],
    };
    const options = { ...quiet, ...backends, families: { f: { statistics: [first] } } };
    const store = await open('memory:', options);
    await store.put('k', 'value', { timestamp: 1, family: 'f' });
    expect((await store.verify()).findings).toEqual([]);
    state.lies = false;
    expect((await store.verify()).findings).toMatchObject([
      { problem: 'statistics', family: 'f', message: 'the rows say otherwise: name=first' },
    ]);
    await store.close();
  });

  it('is found where bounds hide a delete, so that what it deleted shows again', async () => {
    const backends = rottenBackends(newBackends());
    const { objects, registers } = backends;
    const store = await open('memory:', { ...quiet, objects, registers });
    await store.put('k', 'v', { timestamp: 10 });
    await store.write(
      [
        { type: 'del', key: 'k' },
        { type: 'del', key: 'l' },
      ],
      { timestamp: 20 },
    );
    const [register] = await registers.read([headKey(0)]);
    const head = decodeHead(register?.value ?? new Uint8Array(0), 'head');
    const narrowed = head.tail.map((edit) => ({
      ...edit,
      added: edit.added.map((entry) => (entry.run === 20 ? { ...entry, lower: encodeUtf8('l') } : entry)),
    }));
    backends.rot.set(headKey(0), encodeHead({ ...head, tail: narrowed }));
    expect((await store.verify()).findings).toMatchObject([
      { problem: 'bounds', message: 'rows are hidden: rows=1 first=0x6b' },
    ]);
    await store.close();
  });

  it('is found where a snapshot lost what it holds', async () => {
    const backends = rottenBackends(newBackends());
    const { objects, registers } = backends;
    const store = await open('memory:', { ...quiet, objects, registers });
    await store.put('k', 'v', { timestamp: 1 });
    const snapshot = await store.snapshot();
    const [key = ''] = await objectKeys(objects, 'pin/');
    backends.rot.set(key, undefined);
    expect((await store.verify()).findings).toMatchObject([{ problem: 'missing', at: key }]);
    backends.rot.set(key, new Uint8Array(30));
    expect((await store.verify()).findings).toMatchObject([{ problem: 'damaged', at: key }]);
    backends.rot.clear();
    await snapshot.close();
    expect((await store.verify()).findings).toEqual([]);
    await store.close();
  });
});
