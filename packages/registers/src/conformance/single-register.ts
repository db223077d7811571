/** What every store promises: registers one at a time, limits, lists, counters, the end. */
import { strict as assert } from 'node:assert';
import { compareBytes, encodeUtf8, isClorthoError, systemClock } from '@clortho/base';
import { REGISTER_KEY_BYTES_MAX } from '../limits.ts';
import { withPrefix } from '../prefix.ts';
import { REGISTER_BYTES_MAX, REGISTERS_PER_CALL_MAX, type RegisterStore } from '../register-store.ts';
import { applied, collect, refuses, type Tests, TRIES_MAX, text, textOf, WRITERS } from './steps.ts';

const INCREMENTS = 3;
const SWAPS_AT_ONCE = 40;

/** The tests that every store runs. */
export const SINGLE_REGISTER_TESTS: Tests = {
  async 'an absent register reads as undefined'({ store }) {
    assert.deepEqual(await store.read(['a']), [undefined]);
    assert.deepEqual(await store.read([]), []);
  },

  async 'a version counts the changes of a register'({ store, another }) {
    for (let expect = 0; expect < 5; expect += 1) {
      await applied(store, 'a', expect, `value ${expect}`);
      assert.deepEqual(await textOf(another, 'a'), { version: expect + 1, text: `value ${expect}` });
    }
    await applied(store, 'b', 0, 'other');
    assert.equal((await textOf(store, 'a'))?.version, 5);
  },

  async 'a swap that expects another version changes nothing'({ store, another }) {
    await applied(store, 'a', 0, 'first');
    for (const expect of [0, 2, 7]) {
      const result = await another.compareAndSwap([{ key: 'a', expect, value: encodeUtf8('no') }]);
      assert.equal(result.applied, false);
      if (result.applied) continue;
      assert.equal(result.current.length, 1);
      const [current] = result.current;
      if (current !== undefined) assert.equal(current.version, 1);
    }
    assert.equal(
      (await store.compareAndSwap([{ key: 'z', expect: 1, value: encodeUtf8('no') }])).applied,
      false,
    );
    assert.deepEqual(await textOf(store, 'a'), { version: 1, text: 'first' });
    assert.deepEqual(await store.read(['z']), [undefined]);
  },

  async 'a check alone compares and changes nothing'({ store }) {
    assert.equal((await store.compareAndSwap([{ key: 'a', expect: 0 }])).applied, true);
    assert.equal((await store.compareAndSwap([{ key: 'a', expect: 1 }])).applied, false);
    await applied(store, 'a', 0, 'x');
    assert.equal((await store.compareAndSwap([{ key: 'a', expect: 1 }])).applied, true);
    assert.equal((await store.compareAndSwap([{ key: 'a', expect: 0 }])).applied, false);
    assert.deepEqual(await textOf(store, 'a'), { version: 1, text: 'x' });
  },

  async 'values are bytes, from none to the most allowed'({ store, another }) {
    const large = new Uint8Array(REGISTER_BYTES_MAX).map((_byte, index) => index * 31);
    const all = new Uint8Array(256).map((_byte, index) => index);
    for (const [index, value] of [new Uint8Array(0), all, large].entries()) {
      assert.equal((await store.compareAndSwap([{ key: `v${index}`, expect: 0, value }])).applied, true);
      const [register] = await another.read([`v${index}`]);
      assert.ok(register !== undefined && compareBytes(register.value, value) === 0);
    }
    const tooLarge = new Uint8Array(REGISTER_BYTES_MAX + 1);
    await refuses('CLORTHO_INVALID', store.compareAndSwap([{ key: 'a', expect: 0, value: tooLarge }]));
  },

  async 'values are copied on their way in and out'({ store }) {
    const value = encodeUtf8('before');
    const swap = store.compareAndSwap([{ key: 'a', expect: 0, value }]);
    value.fill(0);
    await swap;
    const [register] = await store.read(['a']);
    assert.equal(text(register), 'before');
    register?.value.fill(0);
    assert.equal((await textOf(store, 'a'))?.text, 'before');
  },

  async 'keys are UTF-8 of 1 to 1,024 bytes'({ store }) {
    for (const key of ['a b', 'a+b%20c', 'é/😀', '~', 'k'.repeat(REGISTER_KEY_BYTES_MAX - 64)]) {
      await applied(store, key, 0, key);
      assert.deepEqual(await textOf(store, key), { version: 1, text: key });
    }
    const lone = '\ud800';
    for (const key of ['', 'k'.repeat(REGISTER_KEY_BYTES_MAX + 1), 'é'.repeat(513), lone]) {
      await refuses('CLORTHO_INVALID', store.read([key]));
      await refuses('CLORTHO_INVALID', store.compareAndSwap([{ key, expect: 0 }]));
    }
  },

  async 'calls beyond the limits are refused'({ store }) {
    const value = encodeUtf8('x');
    const keys = Array.from({ length: REGISTERS_PER_CALL_MAX + 1 }, (_key, index) => `k${index}`);
    await refuses('CLORTHO_INVALID', store.read(['a', 'a']));
    await refuses('CLORTHO_INVALID', store.read(keys));
    await refuses('CLORTHO_INVALID', store.compareAndSwap([]));
    await refuses('CLORTHO_INVALID', store.compareAndSwap(keys.map((key) => ({ key, expect: 0, value }))));
    await refuses(
      'CLORTHO_INVALID',
      store.compareAndSwap([
        { key: 'a', expect: 0, value },
        { key: 'a', expect: 0 },
      ]),
    );
    for (const expect of [-1, 0.5, Number.NaN]) {
      await refuses('CLORTHO_INVALID', store.compareAndSwap([{ key: 'a', expect, value }]));
    }
    assert.deepEqual(await store.read(['a']), [undefined]);
  },

  async 'a list is in byte order and below its prefix'({ store, another }) {
    const keys = ['p/b', 'p/a', 'p/B', 'p/é', 'p/\uff5e', 'p/😀', 'p', 'p/a/1', 'q/a', 'o'];
    for (const key of keys) await applied(store, key, 0, key);
    const inOrder = keys.toSorted((left, right) => compareBytes(encodeUtf8(left), encodeUtf8(right)));
    const below = inOrder.filter((key) => key.startsWith('p/'));
    const listed = await collect(another.list('p/'));
    assert.deepEqual(listed.map(text), below);
    assert.deepEqual(
      listed.map(({ key, version }) => [key, version]),
      below.map((key) => [key, 1]),
    );
    assert.deepEqual((await collect(store.list(''))).map(text), inOrder);
    assert.deepEqual(await collect(store.list('nothing')), []);
  },

  async 'a list may be left early, and changed while it runs'({ store }) {
    for (let index = 0; index < 80; index += 1)
      await applied(store, `k/${String(index).padStart(3, '0')}`, 0, 'x');
    const seen: string[] = [];
    for await (const { key, version } of store.list('k/')) {
      seen.push(key);
      if (seen.length === 1) await applied(store, 'k/079', 1, 'y');
      if (key === 'k/079') assert.ok(version <= 2);
    }
    assert.equal(seen.length, 80);
    assert.deepEqual(seen, seen.toSorted());
    for await (const { key } of store.list('k/')) {
      if (key === 'k/003') break;
    }
    assert.equal((await textOf(store, 'k/079'))?.version, 2);
  },

  async 'changes of concurrent writers are all kept, each version won once'({ store, another }) {
    await Promise.all(
      Array.from({ length: WRITERS }, async (_writer, index) => {
        const handle = index % 2 === 0 ? store : another;
        for (let count = 1; count <= INCREMENTS; count += 1) await raiseCount(handle, index, count);
      }),
    );
    assert.deepEqual(await textOf(another, 'counts'), {
      version: WRITERS * INCREMENTS,
      text: JSON.stringify(Array.from({ length: WRITERS }, () => INCREMENTS)),
    });
  },

  async 'a call with an aborted signal is refused and changes nothing'({ store }) {
    const signal = AbortSignal.abort(new Error('enough'));
    const value = encodeUtf8('x');
    await refuses('CLORTHO_ABORTED', store.read(['a'], { signal }));
    await refuses('CLORTHO_ABORTED', store.compareAndSwap([{ key: 'a', expect: 0, value }], { signal }));
    await refuses('CLORTHO_ABORTED', collect(store.list('', { signal })));
    assert.deepEqual(await store.read(['a']), [undefined]);
  },

  async 'a swap whose signal aborts under way says what became of it'({ store, another }) {
    for (let round = 0; round < 6; round += 1) {
      const key = `k${round}`;
      const abort = new AbortController();
      const change = [{ key, expect: 0, value: encodeUtf8('x') }];
      const swap = store.compareAndSwap(change, { signal: abort.signal });
      for (let turns = 0; turns < round; turns += 1) await systemClock.sleep(0);
      abort.abort();
      const outcome = await swap.then(
        (result) => result.applied,
        (error: unknown) => (isClorthoError(error) ? error.code : String(error)),
      );
      const [register] = await another.read([key]);
      if (outcome === true) assert.equal(register?.version, 1);
      else if (outcome === 'CLORTHO_ABORTED') assert.equal(register, undefined);
      else assert.equal(outcome, 'CLORTHO_OUTCOME_UNKNOWN');
    }
  },

  async 'of swaps at once on many registers, one wins each'({ store, another }) {
    const keys = Array.from(
      { length: SWAPS_AT_ONCE },
      (_key, index) => `k/${String(index).padStart(2, '0')}`,
    );
    const swap = async (handle: RegisterStore, key: string, writer: string): Promise<string | undefined> => {
      try {
        const { applied: isMine } = await handle.compareAndSwap([
          { key, expect: 0, value: encodeUtf8(writer) },
        ]);
        return isMine ? writer : undefined;
      } catch (error) {
        if (!isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN')) throw error;
        return (await textOf(handle, key))?.text === writer ? writer : undefined;
      }
    };
    const winners = await Promise.all(
      keys.map((key) => Promise.all([swap(store, key, 'one'), swap(another, key, 'other')])),
    );
    const listed = await collect(store.list('k/'));
    assert.deepEqual(
      listed.map(({ key, version }) => [key, version]),
      keys.map((key) => [key, 1]),
    );
    assert.deepEqual(
      winners.map((pair) => pair.filter((writer) => writer !== undefined)),
      listed.map((register) => [text(register)]),
    );
  },

  async 'counters tell what was asked'({ store }) {
    await applied(store, 'a', 0, 'four');
    await store.compareAndSwap([{ key: 'a', expect: 0, value: encodeUtf8('lost') }]);
    const before = { ...store.counters };
    assert.equal(before.swaps, 2);
    assert.equal(before.registersWritten, 1);
    assert.equal(before.bytesWritten, 4);
    await store.read(['a']);
    assert.equal(store.counters.reads, before.reads + 1);
    assert.equal(store.counters.registersRead, before.registersRead + 1);
    await collect(store.list(''));
    assert.equal(store.counters.lists, 1);
  },

  async 'a view with a prefix sees and changes only its own registers'({ store, another }) {
    const view = withPrefix(store, 'mine/');
    await applied(view, 'a', 0, 'inside');
    await applied(store, 'a', 0, 'outside');
    assert.deepEqual(await textOf(another, 'mine/a'), { version: 1, text: 'inside' });
    assert.deepEqual(
      (await collect(view.list(''))).map(({ key }) => key),
      ['a'],
    );
    await refuses('CLORTHO_INVALID', view.read(['']));
    await view.close();
    await refuses('CLORTHO_CLOSED', view.read(['a']));
    assert.deepEqual(await textOf(store, 'mine/a'), { version: 1, text: 'inside' });
  },

  async 'every call after close is refused'({ store }) {
    await applied(store, 'a', 0, 'x');
    await store.close();
    await store.close();
    await refuses('CLORTHO_CLOSED', store.read(['a']));
    await refuses('CLORTHO_CLOSED', store.compareAndSwap([{ key: 'a', expect: 1, value: encodeUtf8('y') }]));
    await refuses('CLORTHO_CLOSED', collect(store.list('')));
  },
};

/**
 * Raises the count of one writer in a register that holds the counts of all. Each change raises one count by one,
 * so the version is their sum unless two writers won the same version.
 */
async function raiseCount(store: RegisterStore, writer: number, count: number): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const [register] = await store.read(['counts']);
    const counts = JSON.parse(text(register) ?? JSON.stringify(new Array(WRITERS).fill(0))) as number[];
    if (counts[writer] === count) return; // A try of unknown outcome was applied after all.
    const value = encodeUtf8(JSON.stringify(counts.with(writer, count)));
    try {
      if ((await store.compareAndSwap([{ key: 'counts', expect: register?.version ?? 0, value }])).applied)
        return;
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN')) throw error;
    }
  }
  assert.fail('a writer loses for ever');
}
