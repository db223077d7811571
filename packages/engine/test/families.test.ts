/** Column families: creation, merge operators, lifetimes, logs. */
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type MergeOperator, type OpenOptions, open } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { contentsOf, newBackends } from './support/backends.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 64, fileBytes: 300 } };

const longest: MergeOperator = {
  name: 'longest',
  version: 1,
  merge: (older, newer) => (newer.length > older.length ? newer : older),
};

describe('families', () => {
  it('keep the same key apart, in one atomic batch', async () => {
    const store = await open('memory:', { ...quiet, families: { left: {}, right: {} } });
    const { timestamp } = await store.write([
      { type: 'put', key: 'k', value: 'd' },
      { type: 'put', key: 'k', value: 'l', family: 'left' },
      { type: 'deleteRange', start: '', end: 'z', family: 'right' },
    ]);
    expect(text(await store.get('k'))).toBe('d');
    expect(text(await store.family('left').get('k'))).toBe('l');
    expect(await store.family('right').get('k')).toBeUndefined();
    for await (const row of store.family('left').scan()) expect(row.timestamp).toBe(timestamp);
    await store.close();
  });

  it('that are unknown are refused by every call', async () => {
    const store = await open('memory:', quiet);
    const family = 'nowhere';
    const calls: (() => unknown)[] = [
      () => store.family(family),
      () => store.put('k', 'v', { family }),
      () => store.del('k', { family }),
      () => store.get('k', { family }),
      () => store.getMany(['k'], { family }),
      () => store.peek('k', { family }),
      () => store.scan({ family }),
      () => store.history('k', { family }),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('CLORTHO_INVALID');
    await store.close();
  });

  it('are created once, found by other handles, and keep their options', async () => {
    const backends = newBackends();
    const [left, right] = [
      await open('memory:', { ...quiet, ...backends }),
      await open('memory:', { ...quiet, ...backends }),
    ];
    await Promise.all([
      left.createFamily('hits', { merge: 'sum' }),
      right.createFamily('hits', { merge: 'sum' }),
    ]);
    expect(await codeOf(() => left.createFamily('hits', { merge: 'max' }))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => left.createFamily('hits', { kind: 'log' }))).toBe('CLORTHO_INVALID');
    await right.createFamily('hits');
    const [names] = (await left.stats()).shards.map(({ families }) => families.map(({ family }) => family));
    expect(names).toEqual(['default', 'hits']);
    await Promise.all([left.close(), right.close()]);
  });

  it('with malformed options are refused and the store stays as it was', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    const before = await contentsOf(backends);
    const malformed = [
      { kind: 'KV' },
      { codec: 'brotli' },
      { ttlMs: -1 },
      { merge: 'nothing' },
      { log: { windowMs: 0.5 } },
    ];
    for (const options of malformed as never[]) {
      expect([options, await codeOf(() => store.createFamily('f', options))]).toEqual([
        options,
        'CLORTHO_INVALID',
      ]);
    }
    expect(await codeOf(() => store.createFamily('x'.repeat(256)))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => store.createFamily('\udfff'))).toBe('CLORTHO_INVALID');
    expect(await contentsOf(backends)).toEqual(before);
    await store.close();
    await (await open('memory:', { ...quiet, ...backends })).close();
  });
});

describe('a merge family', () => {
  it('folds operands across tiers like a fold over all of them', async () => {
    const store = await open('memory:', { ...quiet, families: { text: { merge: 'append' } } });
    const family = store.family('text');
    let expected = '';
    for (let index = 0; index < 26; index += 1) {
      const letter = String.fromCharCode(97 + index);
      await family.merge('k', letter);
      expected += letter;
      if (index % 7 === 6) await store.compact();
      expect(text(await family.get('k'))).toBe(expected);
      expect(await rowsOf(family.scan())).toEqual([`k=${expected}`]);
    }
    await store.close();
  });

  it('whose operator returns no bytes writes nothing, and loses nothing', async () => {
    for (const result of [undefined, null, 'text', 7]) {
      const odd = { name: 'odd', version: 1, merge: () => result } as unknown as MergeOperator;
      const store = await open('memory:', { ...quiet, families: { odd: { merge: odd } } });
      const family = store.family('odd');
      const write = (): unknown =>
        store.write([
          { type: 'put', key: 'k', value: 'a', family: 'odd' },
          { type: 'merge', key: 'k', value: 'b', family: 'odd' },
        ]);
      expect(await codeOf(write)).toBe('CLORTHO_INVALID');
      expect(await family.get('k')).toBeUndefined();
      await family.put('k', 'a');
      await store.close();
    }
  });

  it('needs its operator for merging and reading operands; the rest works without', async () => {
    const backends = newBackends();
    const families = { f: { merge: longest } };
    const writer = await open('memory:', { ...quiet, ...backends, families });
    await writer.family('f').put('plain', 'v');
    await writer.family('f').merge('folded', 'a');
    await writer.family('f').merge('folded', 'bb');
    await writer.close();
    const without = await open('memory:', { ...quiet, ...backends });
    const family = without.family('f');
    expect(text(await family.get('plain'))).toBe('v');
    expect(await codeOf(() => family.get('folded'))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => family.peek('folded'))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => family.merge('k', 'v'))).toBe('CLORTHO_INVALID');
    expect((await without.stats()).shards[0]?.families[1]?.delta.rows).toBe(3);
    await family.put('folded', 'replaced');
    expect(text(await family.get('folded'))).toBe('replaced');
    await without.close();
    expect(
      await codeOf(() =>
        open('memory:', { ...quiet, ...backends, families: { f: { merge: { ...longest, version: 2 } } } }),
      ),
    ).toBe('CLORTHO_INVALID');
  });
});

describe('a family with a lifetime', () => {
  it('hides rows from their time to live on, by the time of the read', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const store = await open('memory:', { ...quiet, clock, families: { default: { ttlMs: 10 } } });
    const { timestamp } = await store.put('k', 'v');
    await clock.advance(9);
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      expect(text(await store.get('k'))).toBe('v');
    }
    const snapshot = await store.snapshot();
    await clock.advance(1);
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      expect(await store.get('k')).toBeUndefined();
      expect(store.peek('k')).toBeUndefined();
      expect(await rowsOf(store.scan())).toEqual([]);
      expect(text(await store.get('k', { asOf: timestamp + 9_999 }))).toBe('v');
      expect(await store.get('k', { asOf: timestamp + 10_000 })).toBeUndefined();
      expect(text(await snapshot.get('k'))).toBe('v');
    }
    await store.put('k', 'again', { ifAbsent: true });
    expect(text(await store.get('k'))).toBe('again');
    await snapshot.close();
    await store.close();
  });

  it('is alive until the last commit of its shard says otherwise, although a later time was closed', async () => {
    const families = { default: { ttlMs: 1 } };
    const store = await open('memory:', { ...quiet, time: 'external', families, shards: ['m'] });
    await store.put('z', 'alive', { timestamp: 1000 });
    await store.put('a', 'elsewhere', { timestamp: 2500 });
    await store.truncateHistory(2500);
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      expect(await rowsOf(store.scan())).toEqual(['a=elsewhere', 'z=alive']);
      expect(await store.get('z', { asOf: 2500 })).toBeUndefined();
    }
    await store.put('y', 'later', { timestamp: 2600 });
    await store.compact();
    expect(await rowsOf(store.scan())).toEqual(['a=elsewhere', 'y=later']);
    await store.close();
  });

  it('does not let an expired row show the one beneath it', async () => {
    const store = await open('memory:', { ...quiet, time: 'external', families: { default: { ttlMs: 1 } } });
    await store.put('k', 'old', { timestamp: 1000 });
    await store.compact();
    await store.put('k', 'new', { timestamp: 1500 });
    await store.put('later', 'x', { timestamp: 2500 });
    expect(await store.get('k')).toBeUndefined();
    await store.compact();
    expect(await rowsOf(store.scan())).toEqual(['later=x']);
    await store.close();
  });
});

describe('a log family', () => {
  it('answers like any other, keeps all versions, and expires whole files', async () => {
    const store = await open('memory:', {
      ...quiet,
      time: 'external',
      families: { log: { kind: 'log', log: { windowMs: 1, retainMs: 5 } } },
    });
    const log = store.family('log');
    for (let index = 1; index <= 20; index += 1)
      await log.put(`e${index % 4}`, `${index}`, { timestamp: index * 1000 });
    expect(await rowsOf(log.scan())).toEqual(['e0=20', 'e1=17', 'e2=18', 'e3=19']);
    expect(text(await log.get('e1', { asOf: 16_999 }))).toBe('13');
    const before = (await store.stats()).shards[0]?.families[1]?.delta.rows;
    await store.compact();
    const after = (await store.stats()).shards[0]?.families[1]?.delta.rows as number;
    expect(before).toBe(20);
    expect(after).toBeGreaterThanOrEqual(5);
    expect(after).toBeLessThanOrEqual(8);
    expect(await rowsOf(log.scan())).toEqual(['e0=20', 'e1=17', 'e2=18', 'e3=19']);
    expect(await versionsOf(log.history('e3'))).toContain('19000:19');
    await store.close();
  });
});
