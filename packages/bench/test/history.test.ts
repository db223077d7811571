import { NEVER } from '@clortho/sst';
import { describe, expect, test } from 'vitest';
import { livesSince, sortedWrites, writeLives } from '../src/history/sorted-writes.ts';
import { timelineOf } from '../src/history/timeline.ts';
import { Twin } from '../src/history/twin.ts';

const timeline = timelineOf({ seed: 1, keys: 200, overwrites: 4 });

describe('the timeline', () => {
  test('writes every key once, then overwrites, and no key twice in a commit', () => {
    const { keyNumbers, rowsPerCommit, commits } = timeline;
    expect(keyNumbers.length).toBe(200 * 5);
    expect(new Set(keyNumbers.subarray(0, 200)).size).toBe(200);
    for (let commit = 0; commit < commits; commit += 1) {
      const keys = keyNumbers.subarray(commit * rowsPerCommit, (commit + 1) * rowsPerCommit);
      expect(new Set(keys).size).toBe(rowsPerCommit);
    }
  });

  test('has ascending times', () => {
    for (let commit = 1; commit < timeline.commits; commit += 1)
      expect(timeline.timestampOf(commit)).toBeGreaterThan(timeline.timestampOf(commit - 1));
  });
});

test('sorted writes are by key, newest first', () => {
  const writes = [...sortedWrites(timeline, 0, timeline.commits)];
  for (const [index, write] of writes.entries()) {
    const before = writes[index - 1];
    if (before === undefined) continue;
    const order = (timeline.keyNumbers[before] ?? 0) - (timeline.keyNumbers[write] ?? 0);
    expect(order < 0 || (order === 0 && before > write)).toBe(true);
  }
});

test('the lives since a time are those that it sees, and all later ones', () => {
  const horizon = timeline.timestampOf(Math.floor(timeline.commits / 2));
  const lives = livesSince(timeline, timeline.commits, horizon);
  expect(lives.filter(({ end }) => end === NEVER)).toHaveLength(200);
  expect(lives.length).toBeLessThan(timeline.keyNumbers.length);
  expect(lives.every(({ end }) => end > horizon)).toBe(true);
  expect(writeLives(timeline, lives, {}).finish().rows).toBe(lives.length);
});

test('the twin keeps exactly what is retained', async () => {
  const twin = new Twin(timeline);
  const horizon = timeline.timestampOf(Math.floor(timeline.commits / 2));
  await twin.mergeUpTo(10, 0);
  await twin.mergeUpTo(timeline.commits, horizon);
  expect(twin.facts.merges).toBe(2);
  expect(twin.facts.rows).toBe(livesSince(timeline, timeline.commits, horizon).length);
  expect(twin.facts.bytesWritten).toBeGreaterThan(twin.facts.bytes);
});
