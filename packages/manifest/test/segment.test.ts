import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edit } from '../src/edit.ts';
import { composeSegments, type Segment, segmentOf, TOKEN_WINDOW, tokenAt } from '../src/segment.ts';
import { allFiles, applyChange, type ShardFiles } from '../src/shard-files.ts';
import { editHistories, editOf, entryOf, referenceOf, withoutEmpty } from './support/entries.ts';

/** The same effect, whatever the order of its lists. */
function effectOf({ from, to, added, removed, tokens }: Segment): unknown {
  const byId = (left: { id: string }, right: { id: string }): number => (left.id < right.id ? -1 : 1);
  return { from, to, added: [...added].sort(byId), removed: [...removed].sort(byId), tokens };
}

/** Composes single edits in the grouping that `picks` choose. */
function composeInAnyOrder(from: number, edits: readonly Edit[], picks: readonly number[]): Segment {
  const segments = edits.map((edit, index) => segmentOf(from + index, [edit]));
  for (const pick of picks) {
    if (segments.length === 1) break;
    const at = pick % (segments.length - 1);
    const [older, newer] = segments.slice(at, at + 2) as [Segment, Segment];
    segments.splice(at, 2, composeSegments(older, newer));
  }
  return segments.reduce(composeSegments);
}

describe('segments', () => {
  it('have the effect of their edits, composed in any grouping', () => {
    const picks = fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(editHistories(12), fc.nat(1000), picks, ({ edits, live }, cut, order) => {
        const from = cut % edits.length;
        const before = edits.slice(0, from).reduce(applyChange, new Map() as ShardFiles);
        const rest = edits.slice(from);
        const segment = composeInAnyOrder(from, rest, order);
        expect(effectOf(segment)).toEqual(effectOf(segmentOf(from, rest)));
        const after = applyChange(before, segment);
        expect(withoutEmpty(after)).toEqual(withoutEmpty(rest.reduce(applyChange, before)));
        expect(new Map([...allFiles(after)].map((file) => [file.id, file]))).toEqual(live.at(-1));
      }),
      { numRuns: 150 },
    );
  });

  it('forget a file that came and went, and keep where a moved one stood before', () => {
    const moved = entryOf(1, { tier: 'current' });
    const edits = [
      editOf(1, [entryOf(2), moved], [referenceOf(entryOf(1))]),
      editOf(2, [], [referenceOf(entryOf(2)), referenceOf(moved)]),
    ];
    expect(segmentOf(4, edits)).toMatchObject({
      from: 4,
      to: 6,
      added: [],
      removed: [referenceOf(entryOf(1))],
    });
  });

  it('are composed only with their neighbours', () => {
    const [first, third] = [segmentOf(0, [editOf(1, [])]), segmentOf(2, [editOf(3, [])])] as const;
    expect(() => composeSegments(first, third)).toThrow('composed segments are adjacent');
  });

  it('remember the newest tokens of their versions, and no others', () => {
    const edits = Array.from({ length: TOKEN_WINDOW + 10 }, (_, index) => editOf(index + 1, []));
    const halves = [edits.slice(0, TOKEN_WINDOW - 5), edits.slice(TOKEN_WINDOW - 5)] as const;
    const composed = composeSegments(segmentOf(0, halves[0]), segmentOf(halves[0].length, halves[1]));
    for (const segment of [composed, segmentOf(0, edits)]) {
      expect(segment.tokens).toHaveLength(TOKEN_WINDOW);
      expect(tokenAt(segment, 10)).toBeUndefined();
      expect(tokenAt(segment, 11)).toBe('token-11');
      expect(tokenAt(segment, TOKEN_WINDOW + 10)).toBe(`token-${TOKEN_WINDOW + 10}`);
      expect(tokenAt(segment, TOKEN_WINDOW + 11)).toBeUndefined();
      expect(tokenAt(segment, 0)).toBeUndefined();
    }
  });
});
