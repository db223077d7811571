import { seededRandom } from '@clortho/base';
import { memoryObjectStore } from '@clortho/object-store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHead, encodeSegment } from '../src/codec.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { readStates } from '../src/read-states.ts';
import { segmentKey } from '../src/segment.ts';
import { allFiles, type ShardFiles } from '../src/shard-files.ts';
import { headKey, loadState, type ShardState } from '../src/shard-state.ts';
import { editHistories, editOf, entryOf, STORE, withoutEmpty } from './support/entries.ts';
import { commit, createShards, headBytes, memoryContext } from './support/store.ts';

const at = { store: STORE, shard: 0 };

/** Commits `count` edits of one file each. */
async function commitMany(context: ManifestContext, state: ShardState, count: number): Promise<ShardState> {
  let last = state;
  for (let step = 0; step < count; step += 1) {
    const number = last.head.version;
    last = await commit(context, last, editOf(number, [entryOf(number)]));
  }
  return last;
}

async function newShard(): Promise<{ context: ManifestContext; state: ShardState }> {
  const context = memoryContext();
  const [state] = (await createShards(context.registers)) as [ShardState];
  return { context, state };
}

describe('loading a state', () => {
  it('gives the same files from nothing, from any older state, and as the writer has them', async () => {
    const looks = fc.array(fc.boolean(), { minLength: 90, maxLength: 90 });
    await fc.assert(
      fc.asyncProperty(editHistories(90), looks, fc.integer(), async ({ edits, live }, looksAt, seed) => {
        const context = memoryContext(seededRandom(seed));
        let [state] = (await createShards(context.registers)) as [ShardState];
        let follower: ShardState | undefined;
        for (const [index, edit] of edits.entries()) {
          state = await commit(context, state, edit);
          if (looksAt[index] !== true && index < edits.length - 1) continue;
          const bytes = await headBytes(context.registers);
          const loaded = await loadState(context.objects, at, bytes, undefined);
          follower = await loadState(context.objects, at, bytes, follower);
          expect(withoutEmpty(loaded.files)).toEqual(withoutEmpty(state.files));
          expect(withoutEmpty(follower.files)).toEqual(withoutEmpty(state.files));
          expect(new Map([...allFiles(state.files)].map((file) => [file.id, file]))).toEqual(live[index + 1]);
          for (const each of [loaded, follower]) {
            expect(each.head).toEqual(state.head);
            expect(each.headBytes).toBe(state.headBytes);
          }
          for (const [id, files] of [...follower.folded, ...state.folded]) {
            expect(withoutEmpty(files)).toEqual(withoutEmpty(loaded.folded.get(id) as ShardFiles));
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('asks for nothing while the tail reaches back to what is known', async () => {
    const { context, state } = await newShard();
    const known = await commitMany(context, state, 100);
    const next = await commitMany(context, known, 10);
    const gets = context.objects.counters.gets;
    const loaded = await loadState(context.objects, at, await headBytes(context.registers), known);
    expect(loaded.files).toEqual(next.files);
    expect(context.objects.counters.gets).toBe(gets);
  });

  it('asks only for segments that it does not know, far behind as it may be', async () => {
    const { context, state } = await newShard();
    const many = Array.from({ length: 2000 }, (_, index) => entryOf(10_000 + index, { family: 1 }));
    const written = await commitMany(context, await commit(context, state, editOf(1, many)), 100);
    let follower = await loadState(context.objects, at, await headBytes(context.registers), undefined);
    const full = context.objects.counters.bytesGot;
    let behind = 0;
    let last = written;
    for (let round = 0; round < 10; round += 1) {
      last = await commitMany(context, last, 40);
      const before = context.objects.counters.bytesGot;
      follower = await loadState(context.objects, at, await headBytes(context.registers), follower);
      behind += context.objects.counters.bytesGot - before;
      expect([...allFiles(follower.files)]).toHaveLength([...allFiles(last.files)].length);
    }
    expect(follower.files).toEqual(last.files);
    // 400 edits on top of 2,000 files: loading from nothing each time would cost ten times `full`.
    expect(behind).toBeLessThan(2 * full);
  });

  it('refuses the head of another store or shard, and one that went back', async () => {
    const { context, state } = await newShard();
    const older = await headBytes(context.registers);
    const known = await commitMany(context, state, 1);
    const load = (store: string, shard: number, last?: ShardState): Promise<unknown> =>
      loadState(context.objects, { store, shard }, older, last);
    await expect(load('another', 0)).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    await expect(load(STORE, 1)).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    await expect(load(STORE, 0, known)).rejects.toThrow('head went back');
  });

  it('refuses a segment that is missing, damaged, or not the one referred to', async () => {
    const { context, state } = await newShard();
    const { head } = await commitMany(context, state, 20);
    const bytes = encodeHead(head);
    const key = segmentKey(head.segments[0]?.id as string);
    const good = await context.objects.get(key);
    const span = { from: 0, to: head.segments[0]?.to as number, added: [], removed: [], tokens: [] };
    const replacements: [Uint8Array | undefined, string][] = [
      [undefined, 'checkpoint segment is missing'],
      [good.subarray(0, good.length - 1), 'not a valid checkpoint segment'],
      [encodeSegment('another', 0, span), 'checkpoint segment belongs elsewhere'],
      [encodeSegment(STORE, 1, span), 'checkpoint segment belongs elsewhere'],
      [encodeSegment(STORE, 0, { ...span, to: span.to + 1 }), 'checkpoint segment belongs elsewhere'],
    ];
    for (const [replacement, message] of replacements) {
      const objects = memoryObjectStore();
      if (replacement !== undefined) await objects.put(key, replacement);
      const loading = loadState(objects, at, bytes, undefined);
      await expect(loading).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
      await expect(loading).rejects.toThrow(message);
    }
  });

  it('refuses a segment at the bottom that removes what was never there', async () => {
    const { context, state } = await newShard();
    const { head } = await commitMany(context, state, 20);
    const [reference] = head.segments;
    const { id, to } = reference as (typeof head.segments)[number];
    const removed = [{ id: entryOf(999).id, family: 0, tier: 'delta' as const }];
    const objects = memoryObjectStore();
    await objects.put(
      segmentKey(id),
      encodeSegment(STORE, 0, { from: 0, to, added: [], removed, tokens: [] }),
    );
    await expect(loadState(objects, at, encodeHead(head), undefined)).rejects.toMatchObject({
      code: 'CLORTHO_CORRUPT',
    });
  });
});

describe('reading states', () => {
  it('gives all shards of one moment, and those that did not move as they were', async () => {
    const context = memoryContext();
    const created = await createShards(context.registers, 3);
    const first = await readStates(context, STORE, [2, 0, 1]);
    expect(first.map(({ head }) => head.shard)).toEqual([2, 0, 1]);
    const moved = await commit(context, created[0] as ShardState, editOf(1, [entryOf(1)]));
    const second = await readStates(context, STORE, [2, 0, 1], first);
    expect(second[0]).toBe(first[0]);
    expect(second[2]).toBe(first[2]);
    expect(second[1]?.files).toEqual(moved.files);
  });

  it('reads the head again when its segments were folded and deleted meanwhile', async () => {
    const { context, state } = await newShard();
    const before = await commitMany(context, state, 16);
    const stale = await context.registers.read([headKey(0)]);
    const after = await commitMany(context, before, 20);
    const old = before.head.segments.map(({ id }) => segmentKey(id));
    const current = new Set(after.head.segments.map(({ id }) => segmentKey(id)));
    expect(old.some((key) => current.has(key))).toBe(false);
    await context.objects.delete(old);
    let reads = 0;
    const registers = {
      ...context.registers,
      read: async (keys: readonly string[]) => (reads++ === 0 ? stale : context.registers.read(keys)),
    };
    const [read] = await readStates({ objects: context.objects, registers }, STORE, [0]);
    expect(read?.files).toEqual(after.files);
    expect(reads).toBe(2);
  });

  it('reports damage when the head read again still names what is gone', async () => {
    const { context, state } = await newShard();
    const { head } = await commitMany(context, state, 200);
    await context.objects.delete(head.segments.map(({ id }) => segmentKey(id)));
    await expect(readStates(context, STORE, [0])).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    expect(context.registers.counters.reads).toBeLessThanOrEqual(head.segments.length + 1);
  });

  it('reports a shard without a head', async () => {
    const { context } = await newShard();
    await expect(readStates(context, STORE, [0, 1])).rejects.toThrow(
      'a shard has no head: register=shard/000001/head',
    );
  });
});
