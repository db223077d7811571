/** What stores promise that take several registers in one call, and how the others refuse. */
import { strict as assert } from 'node:assert';
import { encodeUtf8, systemClock } from '@clortho/base';
import {
  CALL_BYTES_MAX,
  REGISTERS_PER_CALL_MAX,
  type Register,
  type RegisterStore,
} from '../register-store.ts';
import { applied, type Handles, refuses, type Tests, TRIES_MAX, text, textOf, WRITERS } from './steps.ts';

const ACCOUNTS = 5;
const BALANCE = 100;
const TRANSFERS = 3;

/** The tests that a store with `supports.atomicMany` runs. */
export const MANY_REGISTER_TESTS: Tests = {
  async 'several registers change together or not at all'({ store, another }) {
    const swap = (a: number, b: number): ReturnType<RegisterStore['compareAndSwap']> =>
      store.compareAndSwap([
        { key: 'a', expect: a, value: encodeUtf8('a') },
        { key: 'b', expect: b, value: encodeUtf8('b') },
      ]);
    assert.equal((await swap(0, 1)).applied, false);
    assert.deepEqual(await another.read(['b', 'a']), [undefined, undefined]);
    assert.equal((await swap(0, 0)).applied, true);
    assert.equal((await swap(1, 0)).applied, false);
    assert.deepEqual((await another.read(['b', 'absent', 'a'])).map(text), ['b', undefined, 'a']);
    assert.equal((await swap(1, 1)).applied, true);
    assert.equal((await textOf(another, 'b'))?.version, 2);
  },

  async 'checks hold or fail together with changes'({ store }) {
    await applied(store, 'guard', 0, 'g');
    const swap = (expect: number): ReturnType<RegisterStore['compareAndSwap']> =>
      store.compareAndSwap([
        { key: 'guard', expect },
        { key: 'absent', expect: 0 },
        { key: 'a', expect: 0, value: encodeUtf8('a') },
      ]);
    assert.equal((await swap(0)).applied, false);
    assert.deepEqual(await store.read(['a']), [undefined]);
    assert.equal((await swap(1)).applied, true);
    assert.deepEqual(
      (await store.read(['guard', 'absent', 'a'])).map((register) => register?.version),
      [1, undefined, 1],
    );
    const check = [
      { key: 'guard', expect: 1 },
      { key: 'a', expect: 1 },
    ];
    assert.equal((await store.compareAndSwap(check)).applied, true);
    assert.equal((await store.compareAndSwap([...check, { key: 'absent', expect: 1 }])).applied, false);
  },

  async 'a call takes up to 100 registers and 3.9 million bytes'({ store }) {
    const keys = Array.from({ length: REGISTERS_PER_CALL_MAX }, (_key, index) => `k${index}`);
    const value = new Uint8Array(Math.floor(CALL_BYTES_MAX / keys.length));
    assert.equal((await store.compareAndSwap(keys.map((key) => ({ key, expect: 0, value })))).applied, true);
    const registers = await store.read(keys);
    assert.ok(registers.every((register, index) => register?.key === keys[index] && register?.version === 1));
    const larger = new Uint8Array(value.length + 1);
    await refuses(
      'CLORTHO_INVALID',
      store.compareAndSwap(keys.map((key) => ({ key, expect: 1, value: larger }))),
    );
  },

  async 'readers see transfers between accounts whole'({ store, another }) {
    const accounts = Array.from({ length: ACCOUNTS }, (_account, index) => `account/${index}`);
    for (const account of accounts) await applied(store, account, 0, String(BALANCE));
    let running = true;
    const totals = new Set<number>();
    const reader = async (): Promise<void> => {
      while (running) {
        totals.add(sum(await another.read(accounts)));
        await systemClock.sleep(0); // Reads that never wait would keep the writers from ever going on.
      }
    };
    const readers = [reader(), reader()];
    try {
      await Promise.all(
        Array.from({ length: WRITERS }, async (_writer, index) => {
          const from = accounts[index % ACCOUNTS] as string;
          const to = accounts[(index * 2 + 1) % ACCOUNTS] as string;
          for (let done = 0; done < TRANSFERS && from !== to; done += 1) await transfer(store, from, to);
        }),
      );
    } finally {
      running = false;
      await Promise.all(readers);
    }
    totals.add(sum(await store.read(accounts)));
    assert.deepEqual([...totals], [ACCOUNTS * BALANCE]);
  },
};

/** Expects that a store without `supports.atomicMany` refuses several registers and leaves them alone. */
export async function refusesMany({ store }: Handles): Promise<void> {
  await refuses('CLORTHO_UNSUPPORTED', store.read(['a', 'b']));
  const changes = ['a', 'b'].map((key) => ({ key, expect: 0, value: encodeUtf8('x') }));
  await refuses('CLORTHO_UNSUPPORTED', store.compareAndSwap(changes));
  assert.deepEqual(await store.read(['a']), [undefined]);
}

async function transfer(store: RegisterStore, from: string, to: string): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const [source, target] = await store.read([from, to]);
    assert.ok(source !== undefined && target !== undefined);
    const result = await store.compareAndSwap([
      { key: from, expect: source.version, value: encodeUtf8(String(Number(text(source)) - 1)) },
      { key: to, expect: target.version, value: encodeUtf8(String(Number(text(target)) + 1)) },
    ]);
    if (result.applied) return;
  }
  assert.fail('a writer loses for ever');
}

function sum(registers: readonly (Register | undefined)[]): number {
  return registers.reduce((total, register) => total + Number(text(register)), 0);
}
