import { seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  type Fault,
  type FaultableCall,
  type FaultPlan,
  faultyObjectStore,
  virtualClock,
} from '../../src/index.ts';
import { watch } from './answers.ts';
import { tinyObjects } from './tiny-backends.ts';

const bytes = Uint8Array.of(1, 2, 3);

function world(call: FaultableCall, fault: Fault, times: 'once' | 'always' = 'once') {
  const clock = virtualClock();
  const inner = tinyObjects();
  const plan: FaultPlan = {
    clock,
    random: seededRandom(1),
    script: [{ call, number: times === 'once' ? 1 : undefined, fault }],
  };
  const objects = faultyObjectStore(inner, plan);
  const keys = async (store = inner): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  };
  return { clock, inner, keys, objects, plan };
}

describe('a faulty object store', () => {
  it('loses the reply of a put that landed', async () => {
    const { keys, objects } = world('put', { kind: 'errorAfterEffect' });
    await expect(objects.put('a', bytes)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(await keys()).toEqual(['a']);
  });

  it('says of a conditional put with a lost reply that the outcome is unknown', async () => {
    const { objects } = world('put', { kind: 'errorAfterEffect' });
    const put = () => objects.put('a', bytes, { ifAbsent: true });
    await expect(put()).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    await expect(put()).rejects.toMatchObject({ code: 'CLORTHO_CONFLICT' });
  });

  it('lets a put land later, after a delete of the same key', async () => {
    const { clock, keys, objects } = world('put', { kind: 'applyLater', laterMs: 60_000 });
    await expect(objects.put('a', bytes)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    await objects.delete(['a']);
    await clock.advance(60_000);
    expect(await keys()).toEqual(['a']);
  });

  it('puts twice, with the bytes of the call', async () => {
    const { clock, inner, objects } = world('put', { kind: 'duplicate', laterMs: 10 });
    const reused = bytes.slice();
    await objects.put('a', reused);
    reused.fill(9);
    await clock.advance(10);
    expect(inner.counters.puts).toBe(2);
    expect(await inner.get('a')).toEqual(bytes);
  });

  it('loses the reply of a delete', async () => {
    const { keys, objects } = world('delete', { kind: 'errorAfterEffect' });
    await objects.put('a', bytes);
    await expect(objects.delete(['a'])).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(await keys()).toEqual([]);
  });

  it('fails reads, and hangs them until they are aborted', async () => {
    const { objects } = world('get', { kind: 'errorBeforeEffect' });
    await objects.put('a', bytes);
    await expect(objects.get('a')).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(await objects.get('a', { offset: 1, length: 1 })).toEqual(Uint8Array.of(2));

    const hanging = world('head', { kind: 'hang', lands: false });
    const controller = new AbortController();
    const head = watch(hanging.objects.head('a', { signal: controller.signal }));
    await hanging.clock.advance(1000);
    expect(head.outcome).toBe('pending');
    controller.abort();
    await hanging.clock.advance(0);
    expect(head.outcome).toBe('CLORTHO_ABORTED');
  });

  it('reads what was a moment ago: a blob not yet there, and still there', async () => {
    const stale: Fault = { kind: 'staleRead', staleMs: 10 };
    const { clock, inner, objects, plan } = world('get', stale, 'always');
    const heads = faultyObjectStore(inner, { ...plan, script: [{ call: 'head', fault: stale }] });
    const lists = faultyObjectStore(inner, { ...plan, script: [{ call: 'list', fault: stale }] });
    const listed = async (after?: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key, bytes } of lists.list('', { after })) found.push(`${key}:${bytes}`);
      return found;
    };
    await inner.put('old', bytes); // Written past all wrappers: always as it is.
    await objects.put('a', bytes);
    await expect(objects.get('a')).rejects.toMatchObject({ code: 'CLORTHO_NOT_FOUND' });
    expect(await heads.head('a')).toBeUndefined();
    expect(await listed()).toEqual(['old:3']);
    await clock.advance(10);
    expect(await objects.get('a', { offset: 1 })).toEqual(Uint8Array.of(2, 3));
    await expect(objects.get('a', { offset: 4 })).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    expect(await heads.head('a')).toEqual({ key: 'a', bytes: 3 });
    expect(await listed()).toEqual(['a:3', 'old:3']);
    expect(await listed('a')).toEqual(['old:3']);
    await objects.delete(['a', 'old']);
    expect(await inner.head('a')).toBeUndefined();
    expect(await objects.get('a')).toEqual(bytes);
    expect(await objects.get('old')).toEqual(bytes);
    expect(await listed()).toEqual(['a:3', 'old:3']);
    await clock.advance(10);
    await expect(objects.get('a')).rejects.toMatchObject({ code: 'CLORTHO_NOT_FOUND' });
    expect(await listed()).toEqual([]);
  });
});
