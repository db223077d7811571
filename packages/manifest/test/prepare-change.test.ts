import { seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import type { ManifestContext } from '../src/manifest-context.ts';
import { mintToken, prepareChange } from '../src/prepare-change.ts';
import { segmentKey } from '../src/segment.ts';
import type { ShardState } from '../src/shard-state.ts';
import { editOf, entryOf, fileId, referenceOf } from './support/entries.ts';
import { commit, createShards, memoryContext } from './support/store.ts';

async function newShard(): Promise<{ context: ManifestContext; state: ShardState }> {
  const context = memoryContext();
  const [state] = (await createShards(context.registers)) as [ShardState];
  return { context, state };
}

async function withFullTail(context: ManifestContext, state: ShardState): Promise<ShardState> {
  let last = state;
  while (last.head.tail.length < 16) last = await commit(context, last, editOf(last.head.version, []));
  return last;
}

describe('preparing a change', () => {
  it('leaves the state and the registers as they were', async () => {
    const { context, state } = await newShard();
    const before = structuredClone(state.head);
    const prepared = await prepareChange(context, state, editOf(1, [entryOf(1)]), { epoch: 4 });
    expect(prepared).toMatchObject({ shard: 0, expect: 1, token: 'token-1' });
    expect(prepared.next.head).toMatchObject({ version: 2, epoch: 4 });
    expect(prepared.next.headBytes).toBe(prepared.value.length);
    expect(state.head).toEqual(before);
    expect(context.registers.counters.swaps).toBe(1);
  });

  it('takes new files at or above the floor of garbage only, but moves older ones', async () => {
    const { context, state } = await newShard();
    const old = await commit(context, state, editOf(1, [entryOf(5)]));
    const floored = await commit(context, old, editOf(2, []), { gcFloor: fileId(10) });
    await expect(prepareChange(context, floored, editOf(3, [entryOf(9)]), {})).rejects.toMatchObject({
      code: 'CLORTHO_CONFLICT',
    });
    const atFloor = await prepareChange(context, floored, editOf(3, [entryOf(10)]), {});
    expect(atFloor.next.files.get(0)?.delta).toHaveLength(2);
    const edit = editOf(3, [entryOf(5, { level: 1 })], [referenceOf(entryOf(5))]);
    const moved = await prepareChange(context, floored, edit, {});
    expect(moved.next.files.get(0)?.delta[0]?.level).toBe(1);
  });

  it('names checkpoint segments above the floor of garbage, whatever the clock says', async () => {
    const { context, state } = await newShard();
    const future = fileId(10 ** 12);
    const full = await withFullTail(
      context,
      await commit(context, state, editOf(1, []), { gcFloor: future }),
    );
    const { next } = await prepareChange(context, full, editOf(2, []), {});
    expect((next.head.segments[0]?.id as string) > future).toBe(true);
  });

  it('refuses edits that do not fit the files, before it uploads anything', async () => {
    const { context, state } = await newShard();
    const full = await withFullTail(context, state);
    const edit = editOf(2, [], [referenceOf(entryOf(1))]);
    await expect(prepareChange(context, full, edit, {})).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    expect(context.objects.counters.puts).toBe(0);
  });

  it('refuses a sealed shard as a conflict: its keys are elsewhere', async () => {
    const { context, state } = await newShard();
    const sealed = await commit(context, state, editOf(1, []), { state: 'sealed' });
    await expect(prepareChange(context, sealed, editOf(2, []), {})).rejects.toMatchObject({
      code: 'CLORTHO_CONFLICT',
    });
  });

  it('tells a state that fell behind the garbage collection from a damaged store', async () => {
    const { context, state } = await newShard();
    let last = await withFullTail(context, state);
    last = await withFullTail(context, await commit(context, last, editOf(20, [])));
    const keys = last.head.segments.map(({ id }) => segmentKey(id));
    await context.objects.delete(keys);
    const prepare = (): Promise<unknown> => prepareChange(context, last, editOf(99, []), {});
    await expect(prepare()).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    const { registers } = context;
    const moved = {
      ...registers,
      read: async (names: readonly string[]) =>
        (await registers.read(names)).map(
          (register) => register && { ...register, version: register.version + 1 },
        ),
    };
    const behind = prepareChange({ ...context, registers: moved }, last, editOf(99, []), {});
    await expect(behind).rejects.toMatchObject({ code: 'CLORTHO_CONFLICT' });
  });
});

describe('tokens', () => {
  it('are short and do not repeat', () => {
    const random = seededRandom(1);
    const tokens = Array.from({ length: 10_000 }, () => mintToken(random));
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(new Set(tokens.map((token) => token.length))).toEqual(new Set([21]));
  });
});
