import { seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  type Fault,
  type FaultPlan,
  faultTrace,
  faultyRegisterStore,
  type RegistersUnderTest,
  virtualClock,
} from '../../src/index.ts';
import { settle, watch } from './answers.ts';
import { tinyRegisters } from './tiny-backends.ts';

const APPLIED = 'resolved {"applied":true}';
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

function world(script: FaultPlan['script'], rest: Partial<FaultPlan> = {}) {
  const clock = virtualClock();
  const inner = tinyRegisters();
  const trace = faultTrace(clock);
  const plan = { clock, random: seededRandom(1), script, trace, ...rest };
  const registers = faultyRegisterStore(inner, plan);
  const versionOf = async (key: string): Promise<number> => (await inner.read([key]))[0]?.version ?? 0;
  const swap = (expect: number, options = {}): Promise<unknown> =>
    registers.compareAndSwap([{ key: 'a', expect, value: one }], options);
  return { clock, inner, plan, registers, swap, trace, versionOf };
}

const onSwap = (fault: Fault, number = 1): FaultPlan['script'] => [{ call: 'swap', number, fault }];

describe('a faulty register store', () => {
  it('passes calls on at once when nothing is planned', async () => {
    const { inner, registers, swap, clock } = world([]);
    const calls = [watch(swap(0)), watch(registers.read(['a']))];
    await settle();
    expect(calls[0]?.outcome).toBe(APPLIED);
    expect(calls[1]?.outcome).toContain('"version":1');
    expect(clock.pending).toBe(0);
    expect([registers.name, registers.supports, registers.counters]).toEqual([
      inner.name,
      inner.supports,
      inner.counters,
    ]);
  });

  it('fails before the effect: certainly not applied', async () => {
    const { swap, versionOf } = world(onSwap({ kind: 'errorBeforeEffect' }));
    await expect(swap(0)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(await versionOf('a')).toBe(0);
    await expect(swap(0)).resolves.toEqual({ applied: true });
  });

  it('loses the reply after the effect: unknown, and applied', async () => {
    const { swap, versionOf } = world(onSwap({ kind: 'errorAfterEffect' }));
    await expect(swap(0)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    expect(await versionOf('a')).toBe(1);
  });

  it('loses the reply of a refusal too', async () => {
    const { swap, versionOf } = world(onSwap({ kind: 'errorAfterEffect' }));
    await expect(swap(7)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    expect(await versionOf('a')).toBe(0);
  });

  it('delays the effect and the reply on the clock', async () => {
    const { clock, swap, versionOf } = world(onSwap({ kind: 'delay', beforeMs: 10, afterMs: 5 }));
    const call = watch(swap(0));
    await clock.advance(9.9);
    expect([call.outcome, await versionOf('a')]).toEqual(['pending', 0]);
    await clock.advance(0.2);
    expect([call.outcome, await versionOf('a')]).toEqual(['pending', 1]);
    await clock.advance(5);
    expect(call.outcome).toBe(APPLIED);
  });

  it('applies a swap a minute after its caller was told that nobody knows', async () => {
    const { clock, swap, versionOf, trace } = world(onSwap({ kind: 'applyLater', laterMs: 60_000 }));
    await expect(swap(0)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    await clock.advance(59_999);
    expect(await versionOf('a')).toBe(0);
    await clock.advance(1);
    expect(await versionOf('a')).toBe(1);
    expect(trace.text()).toBe(
      [
        '0 - swap#1 a@0 ! applyLater laterMs=60000',
        '0 - swap#1 a@0 > CLORTHO_OUTCOME_UNKNOWN',
        '60000 - swap#1 a@0 = applied',
      ].join('\n'),
    );
  });

  it('refuses a late swap whose register has moved on', async () => {
    const { clock, registers, swap, inner } = world(onSwap({ kind: 'applyLater', laterMs: 10 }));
    await expect(swap(0)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    await registers.compareAndSwap([{ key: 'a', expect: 0, value: two }]);
    await clock.advance(10);
    expect(await inner.read(['a'])).toEqual([{ key: 'a', version: 1, value: two }]);
  });

  it('delivers a swap twice, the second judged by the versions that it finds', async () => {
    const { clock, inner, swap, versionOf, trace } = world(onSwap({ kind: 'duplicate', laterMs: 10 }));
    await expect(swap(0)).resolves.toEqual({ applied: true });
    await clock.advance(10);
    expect([inner.counters.swaps, await versionOf('a')]).toEqual([2, 1]);
    expect(trace.lines.at(-1)).toBe('10 - swap#1 a@0 = refused');
  });

  it('keeps what was written from a caller that reuses its bytes', async () => {
    const { clock, inner, registers } = world(onSwap({ kind: 'delay', beforeMs: 1 }));
    const value = Uint8Array.of(5);
    const call = registers.compareAndSwap([{ key: 'a', expect: 0, value }]);
    value[0] = 6;
    await clock.advance(1);
    await call;
    expect((await inner.read(['a']))[0]?.value).toEqual(Uint8Array.of(5));
  });

  it('throttles every call for a while', async () => {
    const { clock, registers, swap } = world(onSwap({ kind: 'throttle', forMs: 100 }));
    await expect(swap(0)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    await clock.advance(99);
    await expect(registers.read(['a'])).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    await clock.advance(1);
    await expect(swap(0)).resolves.toEqual({ applied: true });
  });

  it.each([
    ['landed', true, 1],
    ['not landed', false, 0],
  ])('hangs until it is aborted, having %s', async (_, lands, version) => {
    const { clock, swap, versionOf } = world(onSwap({ kind: 'hang', lands }));
    const controller = new AbortController();
    const call = watch(swap(0, { signal: controller.signal }));
    await clock.advance(1_000_000);
    expect([call.outcome, await versionOf('a')]).toEqual(['pending', version]);
    controller.abort();
    await settle();
    expect(call.outcome).toBe('CLORTHO_OUTCOME_UNKNOWN');
  });

  it('lets a swap on the wire land after its caller gave up', async () => {
    const { clock, swap, versionOf } = world(onSwap({ kind: 'delay', beforeMs: 10 }));
    const controller = new AbortController();
    const call = watch(swap(0, { signal: controller.signal }));
    controller.abort('too slow');
    await settle();
    expect([call.outcome, await versionOf('a')]).toEqual(['CLORTHO_OUTCOME_UNKNOWN', 0]);
    await clock.advance(10);
    expect(await versionOf('a')).toBe(1);
  });

  it('does not send what was aborted before', async () => {
    const { inner, swap, registers } = world([]);
    const signal = AbortSignal.abort();
    await expect(swap(0, { signal })).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    await expect(registers.read(['a'], { signal })).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    expect(inner.counters.swaps).toBe(0);
  });

  it('breaks off a listing halfway when its reply is lost', async () => {
    const { inner, registers } = world([{ call: 'list', number: 2, fault: { kind: 'errorAfterEffect' } }]);
    for (const key of ['a/1', 'a/2', 'a/3', 'a/4']) {
      await inner.compareAndSwap([{ key, expect: 0, value: one }]);
    }
    const seen: string[] = [];
    const list = async (): Promise<void> => {
      for await (const { key } of registers.list('a/')) seen.push(key);
    };
    await list();
    expect(seen.splice(0)).toEqual(['a/1', 'a/2', 'a/3', 'a/4']);
    await expect(list()).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(seen).toEqual(['a/1', 'a/2']);
  });

  it('follows a script by number, prefix and process', async () => {
    const fault = { kind: 'errorBeforeEffect' } as const;
    const { registers } = world([
      { call: 'read', number: 2, prefix: 'b', fault },
      { call: 'read', process: 'another', fault },
    ]);
    const read = (key: string) => watch(registers.read([key]));
    const calls = [read('b1'), read('a'), read('b2'), read('b3')];
    await settle();
    expect(calls.map(({ outcome }) => outcome.slice(0, 8))).toEqual([
      'resolved',
      'resolved',
      'CLORTHO_',
      'resolved',
    ]);
  });

  it('reads nothing stale unless registers are broken on purpose, and then one old moment', async () => {
    const script: FaultPlan['script'] = [{ call: 'read', fault: { kind: 'staleRead', staleMs: 10 } }];
    expect(() => world(script)).toThrow('registers have no stale reads');
    const { clock, inner, registers, plan } = world(script, { breakRegisters: true });
    const write = (other: RegistersUnderTest, expect: number) =>
      other.compareAndSwap(['a', 'b'].map((key) => ({ key, expect, value: one })));
    await write(registers, 0);
    await clock.advance(11);
    // Another process on the same registers, which plans nothing stale itself.
    await write(faultyRegisterStore(inner, { ...plan, script: [] }), 1);
    await clock.advance(5);
    expect((await registers.read(['a', 'b'])).map((register) => register?.version)).toEqual([1, 1]);
    await clock.advance(6);
    expect((await registers.read(['a', 'b'])).map((register) => register?.version)).toEqual([2, 2]);
  });

  it('is closed alone: the registers stay open for others', async () => {
    const { inner, registers, swap } = world([]);
    await registers.close();
    await registers.close();
    await expect(swap(0)).rejects.toMatchObject({ code: 'CLORTHO_CLOSED' });
    await expect(inner.compareAndSwap([{ key: 'a', expect: 0, value: one }])).resolves.toEqual({
      applied: true,
    });
  });

  it('refuses plans that make no sense', () => {
    const code = 'CLORTHO_INVALID';
    const build = (rest: Partial<FaultPlan>) => () => world([], rest);
    expect(build({ rates: { hang: 1.5 } })).toThrow(expect.objectContaining({ code }));
    expect(build({ rates: { hang: 0.6, throttle: 0.6 } })).toThrow(expect.objectContaining({ code }));
    expect(build({ rates: { crash: 0.1 } })).toThrow(expect.objectContaining({ code }));
    expect(build({ rates: { delay: 1, hang: 0.5, throttle: 0.5 } })).not.toThrow();
  });
});
