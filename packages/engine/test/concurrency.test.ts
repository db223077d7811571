/** Many writers, several handles: atomicity, group commit, order, aborts, costs. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { hookedObjects, hookedRegisters, newBackends, newGate } from './support/backends.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 256, fileBytes: 1000 } };
const HIGH = Uint8Array.of(0xf0);

describe('writers', () => {
  it('a write that arrives while the last commit is under way is committed too', async () => {
    const backends = newBackends();
    let gate = newGate();
    let isStalling = false;
    const registers = hookedRegisters(backends.registers, (call, keys, when) => {
      if (isStalling && call === 'swap' && when === 'after' && keys[0]?.endsWith('/head')) {
        isStalling = false;
        return gate.wait();
      }
      return undefined;
    });
    const store = await open('memory:', { ...quiet, ...backends, registers });
    for (let turn = 0; turn < 3; turn += 1) {
      gate = newGate();
      isStalling = true;
      const first = store.put('first', `${turn}`);
      await gate.reached;
      const second = store.put('second', `${turn}`);
      await new Promise((resolve) => setTimeout(resolve, 5)); // the queue must have come to rest
      gate.open();
      await Promise.all([first, second]);
      expect(await rowsOf(store.scan())).toEqual([`first=${turn}`, `second=${turn}`]);
    }
    await store.close();
  });

  it('a write that begins in the turn in which the one before settled is committed too', async () => {
    const store = await open('memory:', { ...quiet, time: 'external' });
    for (let turn = 1; turn <= 20; turn += 1) await store.put('k', `${turn}`, { timestamp: turn });
    expect(text(await store.get('k'))).toBe('20');
    await store.close();
  });

  it('of one row each share commits: 64 of them on one shard take a few', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    const swaps = backends.registers.counters.swaps;
    const puts = backends.objects.counters.puts;
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, index) => store.put(`k${index}`, `${index}`)),
    );
    expect(backends.registers.counters.swaps - swaps).toBeLessThanOrEqual(4);
    expect(backends.objects.counters.puts - puts).toBeLessThanOrEqual(5);
    expect(new Set(results.map(({ timestamp }) => timestamp)).size).toBeLessThanOrEqual(4);
    expect(await rowsOf(store.scan())).toHaveLength(64);
    await store.close();
  });

  it('on one handle keep the order of their calls', async () => {
    const store = await open('memory:', { ...quiet, shards: 2 });
    const writes: Promise<unknown>[] = [];
    for (let index = 0; index < 100; index += 1) {
      writes.push(store.put('k', `${index}`));
      if (index % 7 === 0) writes.push(store.put(HIGH, `${index}`));
      if (index % 20 === 19) await new Promise(setImmediate);
    }
    await Promise.all(writes);
    expect(text(await store.get('k'))).toBe('99');
    await store.close();
  });

  it('on two handles lose nothing, and timestamps on a shard strictly increase', async () => {
    const options = { ...quiet, ...newBackends() };
    const stores = await Promise.all([1, 2, 3].map(() => open('memory:', options)));
    const timestamps: number[][] = await Promise.all(
      stores.map(async (store, writer) => {
        const own: number[] = [];
        for (let index = 0; index < 15; index += 1) {
          own.push((await store.put(`w${writer}-${String(index).padStart(2, '0')}`, 'v')).timestamp);
        }
        return own;
      }),
    );
    for (const own of timestamps) expect(own).toEqual([...new Set(own)].sort((left, right) => left - right));
    expect(new Set(timestamps.flat()).size).toBe(45);
    for (const store of stores) expect(await rowsOf(store.scan({ atLeast: 'latest' }))).toHaveLength(45);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('wait when too many bytes are queued, and all get through', async () => {
    const store = await open('memory:', { ...quiet, queueBytes: 1000 });
    const value = new Uint8Array(400);
    const writes = Array.from({ length: 30 }, (_, index) =>
      store.put(`k${String(index).padStart(2, '0')}`, value),
    );
    expect((await store.stats()).queued.bytes).toBeLessThanOrEqual(1000);
    await Promise.all(writes);
    await store.put('big', new Uint8Array(5000));
    expect(await rowsOf(store.scan())).toHaveLength(31);
    await store.close();
  });

  it('that wait for room are not overtaken by smaller ones that came later', async () => {
    const store = await open('memory:', { ...quiet, queueBytes: 1000 });
    const large = new Uint8Array(900);
    const writes = [store.put('k', large), store.put('k', large), store.put('k', 'last')];
    const [first = 0, second = 0, third = 0] = (await Promise.all(writes)).map(({ timestamp }) => timestamp);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThanOrEqual(second);
    expect(text(await store.get('k'))).toBe('last');
    await store.close();
  });

  it('that are let in when another is aborted keep their place before those that come in the same turn', async () => {
    const store = await open('memory:', { ...quiet, queueBytes: 1000 });
    const abort = new AbortController();
    const held = store.put('a', new Uint8Array(600));
    const large = store.put('b', new Uint8Array(900), { signal: abort.signal });
    const first = store.put('k', 'first');
    abort.abort();
    const second = store.put('k', 'second');
    expect(await codeOf(() => large)).toBe('CLORTHO_ABORTED');
    await Promise.all([held, first, second]);
    expect(text(await store.get('k'))).toBe('second');
    await store.close();
  });

  it('that wait for room fail when the store is closed, or are acknowledged and there', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, queueBytes: 1000 });
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
    const writes = keys.map((key) => store.put(key, new Uint8Array(900)));
    const [, ...outcomes] = await Promise.all([store.close(), ...writes.map((write) => codeOf(() => write))]);
    const again = await open('memory:', { ...quiet, ...backends });
    for (const [index, key] of keys.entries()) {
      expect((await again.get(key)) !== undefined).toBe(outcomes[index] === 'none');
    }
    await again.close();
  });

  it('that are aborted before their commit is sent write nothing', async () => {
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const objects = hookedObjects(backends.objects, (call) =>
      isStalling && call === 'put' ? gate.wait() : undefined,
    );
    const store = await open('memory:', { ...quiet, ...backends, objects });
    await store.put('k', 'before');
    isStalling = true;
    const [uploading, waiting] = [new AbortController(), new AbortController()];
    const first = codeOf(() => store.put('k', 'uploading', { signal: uploading.signal }));
    await gate.reached;
    const second = codeOf(() => store.put('k', 'waiting', { signal: waiting.signal }));
    const third = store.put('other', 'fine');
    uploading.abort();
    waiting.abort();
    isStalling = false;
    gate.open();
    expect([await second, await first]).toEqual(['CLORTHO_ABORTED', 'CLORTHO_ABORTED']);
    await third;
    expect(await rowsOf(store.scan({ atLeast: 'latest' }))).toEqual(['k=before', 'other=fine']);
    await store.close();
  });

  it('that merge something malformed do not fail the others of their group', async () => {
    const store = await open('memory:', { ...quiet, families: { n: { merge: 'sum' } } });
    const one = new Uint8Array(new Float64Array([1]).buffer);
    const codes = await Promise.all([
      codeOf(() => store.put('innocent', 'v')),
      codeOf(() => store.family('n').merge('k', one)),
      codeOf(() =>
        store.write([
          { type: 'merge', family: 'n', key: 'bad', value: 'x' },
          { type: 'merge', family: 'n', key: 'bad', value: 'y' },
        ]),
      ),
      codeOf(() => store.put('innocent too', 'v')),
    ]);
    expect([codes[0], codes[1], codes[3]]).toEqual(['none', 'none', 'none']);
    expect(codes[2]).toBe('CLORTHO_INVALID');
    await store.close();
  });
});

describe('a batch over shards', () => {
  it('is never seen half by scans and getMany of another handle', async () => {
    const options = { ...quiet, ...newBackends(), shards: 2, refreshMs: 1 };
    const [writer, reader] = [await open('memory:', options), await open('memory:', options)];
    const keys = ['a', HIGH];
    let isDone = false;
    const writing = (async () => {
      for (let index = 0; index < 150; index += 1) {
        await writer.write(keys.map((key) => ({ type: 'put', key, value: `${index}` }) as const));
        if (index % 50 === 49) await writer.compact();
        if (index % 10 === 0) await new Promise(setImmediate);
      }
      isDone = true;
    })();
    let looks = 0;
    while (!isDone) {
      const atLeast = looks % 2 === 0 ? ('latest' as const) : undefined;
      const [left, right] = await reader.getMany(keys, { atLeast });
      expect(text(left)).toBe(text(right));
      const rows: (string | undefined)[] = [];
      for await (const { value } of reader.scan({ atLeast })) rows.push(text(value));
      expect([undefined, rows[0]]).toContain(rows[1]);
      expect(rows.length === 0 || rows.length === 2).toBe(true);
      looks += 1;
      await new Promise(setImmediate);
    }
    await writing;
    expect(looks).toBeGreaterThan(5);
    await Promise.all([writer.close(), reader.close()]);
  });

  it('of two handles that race over the same shards is applied whole, in one order', async () => {
    const options = { ...quiet, ...newBackends(), shards: ['b', 'c'] };
    const stores = await Promise.all([1, 2].map(() => open('memory:', options)));
    await Promise.all(
      stores.flatMap((store, writer) =>
        Array.from({ length: 10 }, (_, index) =>
          store.write(
            ['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: `${writer}:${index}` }) as const),
          ),
        ),
      ),
    );
    for (const store of stores) {
      const values = (await store.getMany(['a', 'b', 'c'], { atLeast: 'latest' })).map(text);
      expect(new Set(values).size).toBe(1);
      const rows: number[] = [];
      for await (const { timestamp } of store.scan()) rows.push(timestamp);
      expect(new Set(rows).size).toBe(1);
    }
    await Promise.all(stores.map((store) => store.close()));
  });
});

describe('the cost of a commit', () => {
  it('on one shard is one object and one register write, and a checkpoint every 16', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    const count = () => ({ ...backends.objects.counters, ...backends.registers.counters });
    const before = count();
    for (let index = 0; index < 64; index += 1) await store.put(`k${index}`, 'v');
    const after = count();
    expect(after.swaps - before.swaps).toBe(64);
    expect(after.registersWritten - before.registersWritten).toBe(64);
    expect(after.puts - before.puts).toBeGreaterThanOrEqual(64 + 3);
    expect(after.puts - before.puts).toBeLessThanOrEqual(64 + 5);
    expect([after.lists - before.lists, after.reads - before.reads]).toEqual([0, 0]);
    expect(after.gets - before.gets).toBeLessThanOrEqual(4); // merging checkpoint segments reads the older one
    await store.close();
  });

  it('over three shards and two families is six objects and one transaction', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, shards: ['b', 'c'], families: { f: {} } });
    const [puts, swaps] = [backends.objects.counters.puts, backends.registers.counters.swaps];
    await store.write(
      ['a', 'b', 'c'].flatMap((key) => [
        { type: 'put', key, value: 'v' } as const,
        { type: 'put', key, value: 'v', family: 'f' } as const,
      ]),
    );
    expect(backends.objects.counters.puts - puts).toBe(6);
    expect(backends.registers.counters.swaps - swaps).toBe(1);
    await store.close();
  });
});
