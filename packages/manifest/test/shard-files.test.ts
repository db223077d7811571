import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileEntry } from '../src/file-entry.ts';
import { allFiles, applyChange, type ShardFiles } from '../src/shard-files.ts';
import { codeOf } from './support/damage.ts';
import { editHistories, editOf, entryOf, referenceOf } from './support/entries.ts';

function byId(files: ShardFiles): Map<string, FileEntry> {
  return new Map([...allFiles(files)].map((file) => [file.id, file]));
}

function expectOrdered(files: ShardFiles): void {
  for (const [family, { delta, current, history }] of files) {
    for (const [tier, list] of Object.entries({ delta, current, history })) {
      for (const [index, file] of list.entries()) {
        expect(file).toMatchObject({ family, tier });
        const before = list[index - 1];
        if (before === undefined) continue;
        const byRun = tier === 'delta' ? file.run - before.run : 0;
        expect(byRun).toBeLessThanOrEqual(0);
        if (byRun === 0) expect(compareBytes(before.lower, file.lower)).toBeLessThanOrEqual(0);
      }
    }
  }
}

describe('applying edits', () => {
  it('keeps exactly the live files, each in its tier and in order', () => {
    fc.assert(
      fc.property(editHistories(12), ({ edits, live }) => {
        let files: ShardFiles = new Map();
        for (const [index, edit] of edits.entries()) {
          const before = byId(files);
          const next = applyChange(files, edit);
          expect(byId(next)).toEqual(live[index + 1]);
          expect(byId(files)).toEqual(before);
          expectOrdered(next);
          files = next;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('shares every tier that the edit does not touch', () => {
    const current = entryOf(1, { tier: 'current' });
    const files = applyChange(new Map(), editOf(1, [current, entryOf(2), entryOf(3, { family: 1 })]));
    const next = applyChange(files, editOf(2, [entryOf(4)]));
    expect(next.get(0)?.current).toBe(files.get(0)?.current);
    expect(next.get(1)).toBe(files.get(1));
    expect(next.get(0)?.delta).toHaveLength(2);
  });

  it('moves a file within its tier', () => {
    const files = applyChange(new Map(), editOf(1, [entryOf(1)]));
    const edit = editOf(2, [entryOf(1, { level: 3 })], [referenceOf(entryOf(1))]);
    expect(applyChange(files, edit).get(0)?.delta).toEqual([entryOf(1, { level: 3 })]);
  });

  it('orders files whose bounds were cut to the same bytes by id, whatever came first', () => {
    const [first, second] = [1, 2].map((id) => entryOf(id, { lower: new Uint8Array(64) })) as [
      FileEntry,
      FileEntry,
    ];
    const upwards = applyChange(applyChange(new Map(), editOf(1, [first])), editOf(2, [second]));
    const downwards = applyChange(applyChange(new Map(), editOf(1, [second])), editOf(2, [first]));
    expect(upwards.get(0)?.delta).toEqual([first, second]);
    expect(downwards).toEqual(upwards);
  });

  it.each([
    ['removes a file that is not there', editOf(2, [], [referenceOf(entryOf(2))])],
    ['removes a file from another tier', editOf(2, [], [referenceOf(entryOf(1, { tier: 'current' }))])],
    ['removes a file from another family', editOf(2, [], [referenceOf(entryOf(1, { family: 1 }))])],
    ['removes a file twice', editOf(2, [], [referenceOf(entryOf(1)), referenceOf(entryOf(1))])],
    ['adds a file that is live', editOf(2, [entryOf(1)])],
    ['adds a file twice', editOf(2, [entryOf(2), entryOf(2)])],
  ])('refuses an edit that %s', (_, edit) => {
    const files = applyChange(new Map(), editOf(1, [entryOf(1)]));
    expect(codeOf(() => applyChange(files, edit))).toBe('CLORTHO_CORRUPT');
  });
});
