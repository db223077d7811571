import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSegment } from '../src/codec.ts';
import { initialHead } from '../src/head.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { prepareChange } from '../src/prepare-change.ts';
import { segmentKey } from '../src/segment.ts';
import { type ShardState, stateOfNewShard } from '../src/shard-state.ts';
import { editHistories, editOf, entryOf, STORE } from './support/entries.ts';
import { memoryContext } from './support/store.ts';

const EDITS = 3000;

interface Growth {
  readonly state: ShardState;
  readonly headBytesMax: number;
  readonly segmentsMax: number;
  /** How often the entry of each file was written into a segment. */
  readonly writes: ReadonlyMap<string, number>;
  readonly puts: number;
  /** How often segments were read back, to be merged. */
  readonly gets: number;
}

/** Makes many changes of one shard in a row, without the registers: what folding costs is in the objects. */
async function grow(context: ManifestContext, edits: Iterable<ReturnType<typeof editOf>>): Promise<Growth> {
  const writes = new Map<string, number>();
  let state = stateOfNewShard(initialHead(STORE, 0, 'created'));
  let [headBytesMax, segmentsMax] = [0, 0];
  const { objects } = context;
  const counting = {
    ...objects,
    put: async (key: string, bytes: Uint8Array): Promise<void> => {
      for (const { id } of decodeSegment(bytes, key).segment.added) writes.set(id, (writes.get(id) ?? 0) + 1);
      await objects.put(key, bytes);
    },
  };
  for (const edit of edits) {
    ({ next: state } = await prepareChange({ ...context, objects: counting }, state, edit, {}));
    headBytesMax = Math.max(headBytesMax, state.headBytes);
    segmentsMax = Math.max(segmentsMax, state.head.segments.length);
  }
  const { puts, gets } = objects.counters;
  return { state, headBytesMax, segmentsMax, writes, puts, gets };
}

function* smallEdits(count: number): Generator<ReturnType<typeof editOf>> {
  for (let number = 1; number <= count; number += 1) {
    // Families spread the files, so that the test does not spend its time on copying one long tier.
    yield editOf(number, [entryOf(number, { family: number % 100, bytes: number })]);
  }
}

describe('folding', () => {
  it('keeps heads small, segments few, and rewrites each entry O(log n) times', async () => {
    const { headBytesMax, segmentsMax, writes, puts, gets } = await grow(memoryContext(), smallEdits(EDITS));
    expect(headBytesMax).toBeLessThan(8192);
    expect(segmentsMax).toBeLessThanOrEqual(Math.ceil(Math.log2(EDITS * 2)));
    // A merge makes a segment at least half as large again: log 1.5 of the number of tails.
    expect(Math.max(...writes.values())).toBeLessThanOrEqual(Math.ceil(Math.log(EDITS / 16) / Math.log(1.5)));
    const writesMean = [...writes.values()].reduce((sum, times) => sum + times, 0) / EDITS;
    expect(writesMean).toBeLessThan(Math.log2(EDITS / 16));
    expect(puts).toBeLessThanOrEqual(EDITS / 15);
    expect(gets).toBeLessThanOrEqual(2 * puts);
  });

  it('keeps sizes geometric and segments adjacent, whatever the edits cancel', async () => {
    await fc.assert(
      fc.asyncProperty(editHistories(120), async ({ edits }) => {
        const { state } = await grow(memoryContext(), edits);
        const { segments, tail, version } = state.head;
        for (const [index, { from, size }] of segments.entries()) {
          const older = segments[index - 1];
          expect(from).toBe(older?.to ?? 0);
          if (older !== undefined) expect(older.size).toBeGreaterThan(2 * size);
        }
        expect((segments.at(-1)?.to ?? 0) + tail.length).toBe(version);
      }),
      { numRuns: 40 },
    );
  });

  it('folds committed edits only: the newest one is in the tail, and its file in no segment', async () => {
    const context = memoryContext();
    const { state } = await grow(context, smallEdits(16));
    expect(state.head.segments).toHaveLength(1);
    expect(state.head.tail.map(({ token }) => token)).toEqual(['token-16']);
    const [reference] = state.head.segments;
    const key = segmentKey(reference?.id as string);
    const { segment } = decodeSegment(await context.objects.get(key), key);
    expect(segment.tokens.at(-1)).toBe('token-15');
    expect(segment.added.map(({ id }) => id)).not.toContain(entryOf(16).id);
  });

  it('folds a large edit with its own commit, whatever is in the tail', async () => {
    const context = memoryContext();
    const many = Array.from({ length: 5000 }, (_, index) => entryOf(index + 10));
    const edits = [...smallEdits(3), editOf(4, many), editOf(5, [entryOf(9000)])];
    const { state, headBytesMax } = await grow(context, edits);
    expect(headBytesMax).toBeLessThan(1500);
    expect(state.head.segments).toHaveLength(1);
    expect(state.head.segments[0]).toMatchObject({ from: 0, to: 5 });
    expect(state.head.tail.map(({ token }) => token)).toEqual(['token-5']);
  });

  it('keeps heads of edits of any size short, so that those of 98 shards are read in one call', async () => {
    const files = fc.integer({ min: 0, max: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(files, { maxLength: 30 }), async (sizes) => {
        let number = 1;
        const edits = sizes.map((size, index) =>
          editOf(
            index + 1,
            Array.from({ length: size }, () => entryOf((number += 1))),
          ),
        );
        const { state, headBytesMax } = await grow(memoryContext(), edits);
        expect(headBytesMax).toBeLessThan(6000);
        expect((state.head.segments.at(-1)?.to ?? 0) + state.head.tail.length).toBe(state.head.version);
      }),
      { numRuns: 100 },
    );
  });
});
