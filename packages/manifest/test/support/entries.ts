/** File entries and edits for tests, made and drawn. */
import { idAtTime } from '@clortho/base';
import fc from 'fast-check';
import type { Edit } from '../../src/edit.ts';
import type { FileEntry, FileReference, Tier } from '../../src/file-entry.ts';
import type { ShardFiles } from '../../src/shard-files.ts';

/** All tiers. */
const TIERS: readonly Tier[] = ['delta', 'current', 'history'];
/** The store that tests write. */
export const STORE = 'the-store';

/** Returns the id with this number: ids sort by number. */
export function fileId(number: number): string {
  return idAtTime(1_700_000_000_000 + number);
}

/** Returns an entry with plain facts and these. */
export function entryOf(number: number, facts: Partial<FileEntry> = {}): FileEntry {
  return {
    id: fileId(number),
    family: 0,
    tier: 'delta',
    level: 0,
    run: 0,
    bytes: 4096,
    tailBytes: 300,
    blocks: 1,
    rows: 10,
    deletes: 0,
    merges: 0,
    rangeDeletes: 0,
    lower: Uint8Array.of(97, number % 256),
    upper: Uint8Array.of(98, number % 256),
    minTimestamp: 0,
    maxTimestamp: 0,
    minEndTimestamp: Number.MAX_SAFE_INTEGER,
    maxEndTimestamp: Number.MAX_SAFE_INTEGER,
    uniform: true,
    statistics: {},
    ...facts,
  };
}

/** Returns what names an entry. */
export function referenceOf({ id, family, tier }: FileEntry): FileReference {
  return { id, family, tier };
}

/** Returns an edit with the number as token. */
export function editOf(
  number: number,
  added: readonly FileEntry[],
  removed: readonly FileReference[] = [],
): Edit {
  return { token: `token-${number}`, timestamp: 0, added, removed };
}

const count = fc.nat(2 ** 31);
const moment = fc.nat(Number.MAX_SAFE_INTEGER);
const key = fc.uint8Array({ maxLength: 64 });

/** Draws entries as a writer may make them: uniform ones have the timestamps of their run, only History has ends. */
export const entries: fc.Arbitrary<FileEntry> = fc
  .record({
    id: count.map(fileId),
    family: fc.nat(300),
    tier: fc.constantFrom(...TIERS),
    level: fc.nat(9),
    run: moment,
    bytes: moment,
    tailBytes: count,
    blocks: count,
    rows: moment,
    deletes: count,
    merges: count,
    rangeDeletes: count,
    lower: key,
    upper: fc.option(key, { nil: undefined }),
    minTimestamp: moment,
    maxTimestamp: moment,
    minEndTimestamp: moment,
    maxEndTimestamp: moment,
    uniform: fc.boolean(),
    statistics: fc.dictionary(
      fc.stringMatching(/^[a-z][a-z(),]{0,9}$/),
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
      { maxKeys: 2, noNullPrototype: true },
    ),
  })
  .map((entry) => ({
    ...entry,
    ...(entry.uniform ? { minTimestamp: entry.run, maxTimestamp: entry.run } : {}),
    ...(entry.tier === 'history'
      ? {}
      : { minEndTimestamp: Number.MAX_SAFE_INTEGER, maxEndTimestamp: Number.MAX_SAFE_INTEGER }),
  }));

/** Draws edits that fit no files in particular. */
export const anyEdits: fc.Arbitrary<Edit> = fc.record({
  token: fc.string({ maxLength: 30 }),
  timestamp: moment,
  added: fc.array(entries, { maxLength: 3 }),
  removed: fc.array(entries.map(referenceOf), { maxLength: 3 }),
});

/** Returns the files without the families that have none, so that equal sets compare equal. */
export function withoutEmpty(files: ShardFiles): ShardFiles {
  return new Map([...files].filter(([, tree]) => Object.values(tree).some((tier) => tier.length > 0)));
}

/** A history of a shard: edits that fit each other, and the live files after each of them. */
export interface EditHistory {
  readonly edits: readonly Edit[];
  /** At index v the files after v edits. */
  readonly live: readonly ReadonlyMap<string, FileEntry>[];
}

/** Draws histories with files added, removed, and moved between tiers, levels and back. */
export function editHistories(editsMax: number): fc.Arbitrary<EditHistory> {
  const step = fc.record({
    kind: fc.constantFrom('add', 'add', 'remove', 'move'),
    pick: fc.nat(1000),
    family: fc.nat(2),
    tier: fc.constantFrom(...TIERS),
    lower: fc.uint8Array({ maxLength: 2, max: 3 }),
  });
  return fc.array(fc.array(step, { maxLength: 5 }), { minLength: 1, maxLength: editsMax }).map((drawn) => {
    let live = new Map<string, FileEntry>();
    let number = 0;
    const history = { edits: [] as Edit[], live: [live] };
    for (const steps of drawn) {
      const added: FileEntry[] = [];
      const removed: FileReference[] = [];
      const before = [...live.values()];
      live = new Map(live);
      for (const { kind, pick, family, tier, lower } of steps) {
        if (kind === 'add') {
          number += 1;
          const run = tier === 'delta' ? pick : 0;
          added.push(entryOf(number, { family, tier, lower, run, minTimestamp: run, maxTimestamp: run }));
        } else {
          const file = before[pick % before.length];
          if (file === undefined || !live.delete(file.id)) continue;
          removed.push(referenceOf(file));
          if (kind === 'move') added.push({ ...file, tier, level: file.level + 1 });
        }
      }
      for (const file of added) live.set(file.id, file);
      history.edits.push(editOf(history.edits.length + 1, added, removed));
      history.live.push(live);
    }
    return history;
  });
}
