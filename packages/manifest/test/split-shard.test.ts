/** Splitting a shard: what its children have, and what becomes of those who still know the parent. */
import { ClorthoError, decodeUtf8, encodeUtf8, idAtTime } from '@clortho/base';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { decodeHead } from '../src/codec.ts';
import type { FileEntry } from '../src/file-entry.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { prepareChange } from '../src/prepare-change.ts';
import { readStates } from '../src/read-states.ts';
import { allFiles } from '../src/shard-files.ts';
import { decodeShardMap, encodeShardMap, newShardMap, SHARD_MAP_KEY } from '../src/shard-map.ts';
import type { ShardState } from '../src/shard-state.ts';
import { splitShard } from '../src/split-shard.ts';
import { swapHeads } from '../src/swap-heads.ts';
import { editOf, entryOf, STORE } from './support/entries.ts';
import { commit, createShards, headBytes, memoryContext } from './support/store.ts';

const bytes = encodeUtf8;
const versioned = { map: newShardMap([bytes('m')]), version: 1 };
const FLOOR = idAtTime(1_600_000_000_000);

const file = (number: number, lower: string, upper: string | undefined): FileEntry =>
  entryOf(number, { lower: bytes(lower), upper: upper === undefined ? undefined : bytes(upper) });

interface Scene {
  readonly context: ManifestContext;
  readonly states: readonly ShardState[];
}

/** Two shards; the first, up to `m`, has seen a change of everything. */
async function scene(registers: RegisterStore = memoryRegisterStore()): Promise<Scene> {
  const context = memoryContext(undefined, registers);
  const [left, right] = (await createShards(registers, 2)) as [ShardState, ShardState];
  await registers.compareAndSwap([
    { key: SHARD_MAP_KEY, expect: 0, value: encodeShardMap(STORE, versioned.map) },
  ]);
  const files = [file(1, 'a', 'c'), file(2, 'b', 'f'), file(3, 'd', 'e'), file(4, 'e', undefined)];
  const edit = { ...editOf(1, files), timestamp: 50 };
  const patch = { floor: 70, horizons: { 0: 40 }, gcFloor: FLOOR, epoch: 3 };
  return { context, states: [await commit(context, left, edit, patch), right] };
}

const boundsOf = ({ files }: ShardState): string[] =>
  [...allFiles(files)].map(
    ({ lower, upper }) => `${decodeUtf8(lower)}-${upper === undefined ? '' : decodeUtf8(upper)}`,
  );

describe('splitShard', () => {
  it('gives each child its part of the files, and everything that was settled', async () => {
    const { context, states } = await scene();
    const parent = (states[0] as ShardState).head;
    const split = await splitShard(context, versioned, states[0] as ShardState, bytes('d'));
    expect(split).toEqual({ left: 2, right: 3 });
    const children = await readStates(context, STORE, [2, 3]);
    expect(children.map(boundsOf).map((bounds) => bounds.sort())).toEqual([
      ['a-c', 'b-d'],
      ['d-e', 'd-f', 'e-m'],
    ]);
    for (const { head } of children) {
      const { upper, floor, horizons, gcFloor, epoch, state, version } = head;
      expect({ upper, floor, horizons, gcFloor, epoch }).toEqual({
        upper: parent.upper,
        floor: parent.floor,
        horizons: parent.horizons,
        gcFloor: parent.gcFloor,
        epoch: parent.epoch,
      });
      expect([state, version, head.segments.length, head.tail]).toEqual(['open', 1, 1, []]);
      expect((head.segments[0]?.id ?? '') >= FLOOR).toBe(true);
    }
    const [map] = await context.registers.read([SHARD_MAP_KEY]);
    const { splits, shards } = decodeShardMap(map?.value as Uint8Array, STORE);
    expect([splits.map((key) => Buffer.from(key).toString()), shards]).toEqual([
      ['d', 'm'],
      [2, 3, 1],
    ]);
  });

  it('seals the parent, whose tail still tells what became of a lost reply', async () => {
    const { context, states } = await scene();
    const known = states[0] as ShardState;
    const won = await prepareChange(context, known, editOf(2, [file(9, 'a', 'b')]), {});
    const lost = await prepareChange(context, known, editOf(3, [file(10, 'a', 'b')]), {});
    expect(await swapHeads(context, [won])).toBe('applied');
    expect(await splitShard(context, versioned, known, bytes('d'))).toBe('lost');
    expect(await splitShard(context, versioned, won.next, bytes('d'))).toEqual({ left: 2, right: 3 });
    const sealed = decodeHead(await headBytes(context.registers, 0), 'head');
    expect([sealed.state, sealed.tail.length]).toEqual(['sealed', 4]);
    // Both are sent again by writers that never heard of their swaps.
    const deaf: ManifestContext = { ...context, registers: repliesLost(context.registers) };
    expect(await swapHeads(deaf, [won])).toBe('applied');
    expect(await swapHeads(deaf, [lost])).toBe('lost');
    await expect(
      prepareChange(context, { ...won.next, head: sealed }, editOf(4, []), {}),
    ).rejects.toMatchObject({
      code: 'CLORTHO_CONFLICT',
    });
  });

  it('whose reply was lost is settled; a map that moved refuses it', async () => {
    const { context, states } = await scene();
    let replies = 0;
    const registers: RegisterStore = {
      ...context.registers,
      async compareAndSwap(changes, options) {
        const result = await context.registers.compareAndSwap(changes, options);
        replies += 1;
        if (replies === 1) throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
        return result;
      },
    };
    const split = await splitShard({ ...context, registers }, versioned, states[0] as ShardState, bytes('d'));
    expect([split, replies]).toEqual([{ left: 2, right: 3 }, 1]);
    expect(await splitShard(context, versioned, states[1] as ShardState, bytes('q'))).toBe('lost');
    const again = { map: versioned.map, version: 2 };
    expect(await splitShard(context, again, states[1] as ShardState, bytes('q'))).toBe('lost');
  });

  it('takes changes of its children from the first on', async () => {
    const { context, states } = await scene();
    await splitShard(context, versioned, states[0] as ShardState, bytes('d'));
    let [state] = (await readStates(context, STORE, [3])) as [ShardState];
    for (let number = 20; number < 60; number += 1) {
      state = await commit(context, state, editOf(number, [file(number, 'e', 'f')]));
    }
    const [read] = await readStates(context, STORE, [3]);
    expect(boundsOf(read as ShardState).length).toBe(43);
    expect(read?.head.version).toBe(41);
  });
});

/** Registers that apply every swap and never say so. */
function repliesLost(inner: RegisterStore): RegisterStore {
  return {
    ...inner,
    async compareAndSwap(changes, options) {
      await inner.compareAndSwap(changes, options);
      throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
    },
  };
}
