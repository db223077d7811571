import { ClorthoError, isClorthoError } from '@clortho/base';
import type { RegisterChange, RegisterStore, SwapResult } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { encodeHead, encodeSegment } from '../src/codec.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { type PreparedChange, prepareChange, prepareSeal } from '../src/prepare-change.ts';
import { segmentKey } from '../src/segment.ts';
import { headKey, type ShardState } from '../src/shard-state.ts';
import { swapHeads } from '../src/swap-heads.ts';
import { editOf, entryOf, fileId, STORE } from './support/entries.ts';
import { commit, createShards, memoryContext } from './support/store.ts';

const replyLost = new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
const FENCE = 'fence';

type Swap = (
  changes: readonly RegisterChange[],
  send: RegisterStore['compareAndSwap'],
) => Promise<SwapResult>;

interface Scene {
  readonly context: ManifestContext;
  readonly states: readonly ShardState[];
  readonly prepared: readonly PreparedChange[];
  /** Swaps the prepared heads; the n-th request goes through the n-th of `swaps`, the last one repeats. */
  run(swaps: readonly Swap[], fence?: number): Promise<'applied' | 'lost'>;
  readonly sent: (readonly RegisterChange[])[];
}

/** Two shards with a change of both prepared. */
async function scene(): Promise<Scene> {
  const context = memoryContext();
  const states = await createShards(context.registers, 2);
  const edit = editOf(1, []);
  const prepared = await Promise.all(
    states.map((state) => prepareChange(context, state, { ...edit, added: [entryOf(state.head.shard)] }, {})),
  );
  const sent: (readonly RegisterChange[])[] = [];
  return {
    context,
    states,
    prepared,
    sent,
    run(swaps, fence) {
      const registers: RegisterStore = {
        ...context.registers,
        compareAndSwap(changes) {
          const swap = swaps[Math.min(sent.length, swaps.length - 1)] as Swap;
          sent.push(changes);
          return swap(changes, context.registers.compareAndSwap);
        },
      };
      const checks = fence === undefined ? [] : [{ key: FENCE, expect: fence }];
      return swapHeads({ ...context, registers }, prepared, checks);
    },
  };
}

const deliver: Swap = (changes, send) => send(changes);
const drop: Swap = () => Promise.reject(replyLost);
const loseReply: Swap = async (changes, send) => {
  await send(changes);
  throw replyLost;
};
const failWith =
  (code: 'CLORTHO_UNAVAILABLE' | 'CLORTHO_CLOSED'): Swap =>
  () =>
    Promise.reject(new ClorthoError(code, 'not reachable'));

/** Another writer commits `count` changes to a shard. */
async function others({ context }: Scene, state: ShardState, count: number): Promise<ShardState> {
  let last = state;
  for (let step = 0; step < count; step += 1) last = await commit(context, last, editOf(1000 + step, []));
  return last;
}

describe('swapping heads', () => {
  it('applies, or loses to another change, in one request', async () => {
    const first = await scene();
    expect(await first.run([deliver])).toBe('applied');
    const second = await scene();
    await others(second, second.states[1] as ShardState, 1);
    expect(await second.run([deliver])).toBe('lost');
    expect([...first.sent, ...second.sent]).toHaveLength(2);
    expect((await second.context.registers.read([headKey(0)]))[0]?.version).toBe(1);
  });

  it('sends the identical change again while no head moved', async () => {
    const { run, sent } = await scene();
    expect(await run([drop, drop, failWith('CLORTHO_UNAVAILABLE'), deliver])).toBe('applied');
    expect(sent).toHaveLength(4);
    for (const changes of sent) expect(changes).toEqual(sent[0]);
  });

  it.each([0, 1, 5, 40])('finds its own token although %i changes followed', async (count) => {
    const here = await scene();
    const { run, prepared } = here;
    const appliedThenPassed: Swap = async (changes, send) => {
      await send(changes);
      await others(here, (prepared[0] as PreparedChange).next, count);
      throw replyLost;
    };
    expect(await run([appliedThenPassed])).toBe('applied');
    expect(here.sent).toHaveLength(1);
  });

  it.each([0, 1])('finds that another change came first on shard %i alone', async (shard) => {
    const here = await scene();
    const overtaken: Swap = async () => {
      await others(here, here.states[shard] as ShardState, 20);
      throw replyLost;
    };
    expect(await here.run([overtaken])).toBe('lost');
    expect(here.sent).toHaveLength(1);
  });

  it('settles although a check moved after it was applied, and loses at once if one was in the way', async () => {
    const moveFence = async ({ context }: Scene): Promise<void> => {
      await context.registers.compareAndSwap([{ key: FENCE, expect: 0, value: new Uint8Array(1) }]);
    };
    const applied = await scene();
    const thenMoved: Swap = async (changes, send) => {
      await send(changes);
      await moveFence(applied);
      throw replyLost;
    };
    expect(await applied.run([thenMoved, deliver], 0)).toBe('applied');
    const blocked = await scene();
    const movedFirst: Swap = async () => {
      await moveFence(blocked);
      throw replyLost;
    };
    expect(await blocked.run([movedFirst, deliver], 0)).toBe('lost');
    expect(blocked.sent).toHaveLength(2);
    expect((await blocked.context.registers.read([headKey(0)]))[0]?.version).toBe(1);
  });

  it('passes on what certainly applied nothing', async () => {
    for (const code of ['CLORTHO_UNAVAILABLE', 'CLORTHO_CLOSED'] as const) {
      const { run, sent } = await scene();
      await expect(run([failWith(code)])).rejects.toMatchObject({ code });
      expect(sent).toHaveLength(1);
    }
  });

  it('finds an applied change before it would send it again', async () => {
    const { run, sent } = await scene();
    expect(await run([loseReply, failWith('CLORTHO_CLOSED')])).toBe('applied');
    expect(sent).toHaveLength(1);
  });

  it('reports an unknown outcome, with its cause, when the pursuit is cut short', async () => {
    const { run } = await scene();
    const error: unknown = await run([drop, failWith('CLORTHO_CLOSED')]).catch((thrown: unknown) => thrown);
    expect(isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN')).toBe(true);
    expect((error as Error).cause).toMatchObject({ code: 'CLORTHO_CLOSED' });
  });

  it('gives up after settleMsMax', async () => {
    const { run, context } = await scene();
    await expect(run([drop])).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    expect(context.clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(context.clock.monotonic()).toBeLessThan(31_000);
  });

  it('lets any head that remembers the token decide, and says so if none does', async () => {
    /** Replaces the head of a shard by one that is far ahead and has forgotten who made version 2. */
    const forget = async ({ context }: Scene, shard: number): Promise<void> => {
      const [register] = await context.registers.read([headKey(shard)]);
      const { version } = register as { version: number };
      const to = version + 1;
      const id = fileId(100 + shard);
      const { head } = (await scene()).states[shard] as ShardState;
      const segments = [{ id, from: 0, to, size: 1 }];
      const value = encodeHead({ ...head, version: to, segments, tail: [] });
      const span = { from: 0, to, added: [], removed: [], tokens: [] };
      await context.objects.put(segmentKey(id), encodeSegment(STORE, shard, span));
      await context.registers.compareAndSwap([{ key: headKey(shard), expect: version, value }]);
    };
    const one = await scene();
    const firstForgets: Swap = async (changes, send) => {
      await send(changes);
      await forget(one, 0);
      throw replyLost;
    };
    expect(await one.run([firstForgets])).toBe('applied');
    const both = await scene();
    const bothForget: Swap = async (changes, send) => {
      await send(changes);
      await forget(both, 0);
      await forget(both, 1);
      throw replyLost;
    };
    await expect(both.run([bothForget])).rejects.toThrow('the change is older than the remembered tokens');
    expect(both.sent).toHaveLength(1);
  });

  it('reads the head again when the segment with the token was folded into another meanwhile', async () => {
    const here = await scene();
    const { context, prepared, states } = here;
    const registers = { ...context.registers };
    let stale: Awaited<ReturnType<RegisterStore['read']>> | undefined;
    const pass: Swap = async (changes, send) => {
      await send(changes);
      const before = await others(here, (prepared[0] as PreparedChange).next, 20);
      stale = await context.registers.read(states.map(({ head }) => headKey(head.shard)));
      await others(here, before, 40);
      await context.objects.delete(before.head.segments.map(({ id }) => segmentKey(id)));
      throw replyLost;
    };
    let sent = 0;
    registers.compareAndSwap = (changes) =>
      (sent++ === 0 ? pass : deliver)(changes, context.registers.compareAndSwap);
    registers.read = async (keys) => {
      const answer = stale ?? context.registers.read(keys);
      stale = undefined;
      return answer;
    };
    expect(await swapHeads({ ...context, registers }, prepared)).toBe('applied');
  });
});

describe('a change whose shard was split away', () => {
  it('is settled by the tail, or unknown at once if its segment went with the shard', async () => {
    for (const isLarge of [false, true]) {
      const context = { ...memoryContext(), settleMsMax: 1e9, tailEditsMax: isLarge ? 0 : undefined };
      const [state] = (await createShards(context.registers)) as [ShardState];
      const prepared = await prepareChange(context, state, editOf(1, [entryOf(1)]), {});
      const registers: RegisterStore = {
        ...context.registers,
        async compareAndSwap(changes) {
          await context.registers.compareAndSwap(changes);
          await swapHeads(context, [prepareSeal(prepared.next, 'sealing')]);
          // A sealed head is no root: garbage collection takes what it names.
          await context.objects.delete(prepared.next.head.segments.map(({ id }) => segmentKey(id)));
          throw replyLost;
        },
      };
      const swap = swapHeads({ ...context, registers }, [prepared]);
      if (isLarge) await expect(swap).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
      else expect(await swap).toBe('applied');
    }
  });
});
