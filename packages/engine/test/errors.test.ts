/** Damage, lost backends, unknown outcomes: the right code, and everything else goes on. */
import { ClorthoError } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open } from '../src/index.ts';
import { codeOf, messageOf, rowsOf, text } from './support/answers.ts';
import {
  type Backends,
  hookedObjects,
  hookedRegisters,
  newBackends,
  objectKeys,
} from './support/backends.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 64, fileBytes: 300 } };

/** Returns backends with two shards, `a` and `z`, each in a file of its own, and the object that holds `z`. */
async function twoFiles(): Promise<Backends & { readonly object: string }> {
  const backends = newBackends();
  const store = await open('memory:', { ...quiet, ...backends, shards: ['m'] });
  await store.put('a', 'fine');
  const before = new Set(await objectKeys(backends.objects));
  await store.put('z', 'lost');
  const [object] = (await objectKeys(backends.objects)).filter((key) => !before.has(key));
  await store.close();
  return { ...backends, object: object as string };
}

describe('damage', () => {
  it('of a file gives CORRUPT naming the object, while other reads and writes go on', async () => {
    const damages: ((bytes: Uint8Array) => Uint8Array | undefined)[] = [
      () => undefined,
      () => new Uint8Array(0),
      (bytes) => bytes.subarray(0, bytes.length - 1),
      (bytes) => bytes.subarray(0, 10),
      (bytes) => bytes.map((byte, index) => (index === 5 ? byte ^ 1 : byte)),
      (bytes) => bytes.map((byte, index) => (index === bytes.length - 20 ? byte ^ 0x80 : byte)),
      (bytes) => new Uint8Array(bytes.length),
    ];
    for (const damage of damages) {
      const { objects, registers, object } = await twoFiles();
      const damaged = damage(await objects.get(object));
      await objects.delete([object]);
      if (damaged !== undefined) await objects.put(object, damaged);
      const store = await open('memory:', { ...quiet, objects, registers });
      const reads: (() => unknown)[] = [
        () => store.get('z'),
        () => store.getMany(['a', 'z']),
        () => store.scan(),
        () => store.scan({ reverse: true }),
        () => store.history('z'),
      ];
      for (const read of reads) {
        expect([damage.toString(), await codeOf(read)]).toEqual([damage.toString(), 'CLORTHO_CORRUPT']);
        expect(await messageOf(read)).toContain(object);
      }
      expect(text(await store.get('a'))).toBe('fine');
      await store.put('b', 'new');
      expect(await rowsOf(store.scan({ lt: 'm' }))).toEqual(['a=fine', 'b=new']);
      await store.close();
    }
  });

  it('of a checkpoint gives CORRUPT naming it at open', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends });
    for (let index = 0; index < 20; index += 1) await writer.put(`k${index}`, 'v');
    await writer.close();
    const [checkpoint] = await objectKeys(backends.objects, 'checkpoint/');
    await backends.objects.delete([checkpoint as string]);
    expect(await messageOf(() => open('memory:', { ...quiet, ...backends }))).toContain(checkpoint);
    expect(await codeOf(() => open('memory:', { ...quiet, ...backends }))).toBe('CLORTHO_CORRUPT');
  });

  it('of a head that appears while the store is open does not end the process; calls report it', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, refreshMs: 1 });
    await store.put('k', 'v');
    const [head] = await backends.registers.read(['shard/000000/head']);
    await backends.registers.compareAndSwap([
      { key: 'shard/000000/head', expect: head?.version as number, value: Uint8Array.of(1, 2, 3) },
    ]);
    const rejections: unknown[] = [];
    const note = (error: unknown) => rejections.push(error);
    process.on('unhandledRejection', note);
    expect(await codeOf(() => store.get('k', { atLeast: 'latest' }))).toBe('CLORTHO_CORRUPT');
    await new Promise((resolve) => setTimeout(resolve, 20)); // several background refreshes
    expect(text(await store.get('k'))).toBe('v');
    await store.close();
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });
});

describe('a backend that fails', () => {
  it('fails the write and nothing else; the next one works', async () => {
    const backends = newBackends();
    let isDown = false;
    const objects = hookedObjects(backends.objects, (call) => {
      if (isDown && call === 'put') throw new ClorthoError('CLORTHO_UNAVAILABLE', 'down');
    });
    const registers = hookedRegisters(backends.registers, (call, _, when) => {
      if (isDown && call === 'swap' && when === 'before')
        throw new ClorthoError('CLORTHO_UNAVAILABLE', 'down');
    });
    for (const part of [{ objects }, { registers }]) {
      const store = await open('memory:', { ...quiet, ...backends, ...part });
      await store.put('before', '1');
      isDown = true;
      const codes = await Promise.all(['a', 'b', 'c'].map((key) => codeOf(() => store.put(key, 'x'))));
      expect(codes).toEqual(['CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE']);
      isDown = false;
      await store.put('after', '2');
      expect(await rowsOf(store.scan())).toEqual(['after=2', 'before=1']);
      await store.close();
    }
  });

  it('leaves a commit decided when the reply was lost: applied once, or sent again', async () => {
    for (const lost of ['before', 'after'] as const) {
      const backends = newBackends();
      let losses = 0;
      const registers = hookedRegisters(backends.registers, (call, keys, when) => {
        if (call !== 'swap' || when !== lost || losses === 0 || !keys.some((key) => key.endsWith('/head')))
          return;
        losses -= 1;
        throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
      });
      const store = await open('memory:', {
        ...quiet,
        ...backends,
        registers,
        shards: ['m'],
        families: { n: { merge: 'append' } },
      });
      losses = 1;
      await store.write([
        { type: 'merge', key: 'a', value: 'x', family: 'n' },
        { type: 'merge', key: 'z', value: 'x', family: 'n' },
      ]);
      losses = 2;
      await store.family('n').merge('a', 'y');
      expect([lost, await rowsOf(store.scan({ family: 'n', atLeast: 'latest' }))]).toEqual([
        lost,
        ['a=xy', 'z=x'],
      ]);
      await store.close();
    }
  });
});

describe('a closed store', () => {
  it('throws CLOSED from every call, and closes twice without complaint', async () => {
    const store = await open('memory:', quiet);
    const family = store.family('default');
    const scan = store.scan();
    await store.put('k', 'v');
    await store.put('l', 'v');
    await scan.next();
    const snapshot = await store.snapshot();
    await Promise.all([store.close(), store.close()]);
    const calls: (() => unknown)[] = [
      () => store.put('k', 'v'),
      () => store.del('k'),
      () => store.write([{ type: 'del', key: 'k' }]),
      () => store.get('k'),
      () => store.getMany(['k']),
      () => store.peek('k'),
      () => store.scan(),
      () => store.history('k'),
      () => store.snapshot(),
      () => store.family('default'),
      () => store.createFamily('f'),
      () => store.truncateHistory(0),
      () => store.compact(),
      () => store.gc(),
      () => store.stats(),
      () => family.get('k'),
      () => family.scan(),
      () => scan.next(),
      () => snapshot.get('k'),
    ];
    for (const call of calls)
      expect([call.toString(), await codeOf(call)]).toEqual([call.toString(), 'CLORTHO_CLOSED']);
    await store.close();
  });
});
