/** Which runs make a merge due, as back-pressure counts them. */
import type { FileEntry } from '@clortho/manifest';
import { describe, expect, it } from 'vitest';
import { dueRuns } from '../src/commit/debt.ts';

function runs(...facts: [run: number, level?: number][]): FileEntry[] {
  return facts.map(([run, level = 0]) => ({ run, level }) as FileEntry);
}

function commits(count: number, first: number): [number][] {
  return Array.from({ length: count }, (_, index) => [first + index]);
}

describe('the runs of which a merge is due', () => {
  it('are all runs of a kv family if there are too many of any level', () => {
    const record = { kind: 'kv', windowMs: 0 } as const;
    expect(dueRuns(runs([1, 2], [2, 1], [3]), record, { deltaRuns: 3 })).toBe(0);
    expect(dueRuns(runs([1, 2], [2, 1], [3], [4], [4]), record, { deltaRuns: 3 })).toBe(4);
    expect(dueRuns(runs(...commits(6, 1)), record, {})).toBe(0);
    expect(dueRuns(runs(...commits(7, 1)), record, {})).toBe(7);
  });

  it('are unmerged runs of one window of a log', () => {
    const record = { kind: 'log', windowMs: 1 } as const;
    expect(dueRuns([], record, {})).toBe(0);
    expect(dueRuns(runs([1000], [2000], [3000]), record, {})).toBe(0);
    expect(dueRuns(runs([1000, 2], [1001, 2], ...commits(15, 2000)), record, {})).toBe(0);
    expect(dueRuns(runs(...commits(16, 2000)), record, {})).toBe(16);
    expect(dueRuns(runs(...commits(3, 1000), [2000]), record, {})).toBe(3);
  });
});
