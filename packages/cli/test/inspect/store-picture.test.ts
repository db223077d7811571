import { encodeUtf8 } from '@clortho/base';
import { open, type StoreStats } from '@clortho/engine';
import { describe, expect, it } from 'vitest';
import { ageAxis } from '../../src/inspect/age-axis.ts';
import { keyAxis } from '../../src/inspect/key-axis.ts';
import { renderStore } from '../../src/inspect/render-store.ts';
import type { Terminal } from '../../src/output/terminal.ts';

function terminal(columns: number): Terminal {
  return {
    line: () => undefined,
    write: () => Promise.resolve(),
    error: () => undefined,
    isInteractive: false,
    hasColour: false,
    columns,
  };
}

/** A store with two runs of delta, several files of current, and history of a day. */
async function someStats(): Promise<StoreStats> {
  const store = await open('memory:', {
    time: 'external',
    compaction: 'manual',
    shards: ['k'],
    tuning: { threads: 0, blockBytes: 64, fileBytes: 300, historyBucketMs: 1000 },
  });
  const hour = 3_600_000_000;
  const keys = Array.from({ length: 30 }, (_, index) => String.fromCharCode(97 + (index % 26)));
  for (let round = 1; round <= 24; round += 1) {
    const batch = keys.map(
      (key, index) => ({ type: 'put', key: `${key}${index}`, value: `${round}` }) as const,
    );
    await store.write(batch, { timestamp: 1_700_000_000_000_000 + round * hour });
    if (round <= 22) await store.compact();
  }
  await store.put('m1', 'x', { timestamp: 1_700_000_000_000_000 + 25 * hour });
  const stats = await store.stats();
  await store.close();
  return stats;
}

describe('the picture of a store', () => {
  it('has a line for every run, the shards above, and history below', async () => {
    const lines = renderStore(terminal(100), await someStats()).split('\n');
    expect(lines[0]).toMatch(/^default {2}kv {7}"a0" ─+ x'7a323500'$/);
    expect(lines[1]).toMatch(/^shards {12}0 +│1 *$/);
    expect(lines.filter((line) => /^(delta 0| {18})/.test(line))).toHaveLength(3);
    expect(lines[2]).toMatch(/^delta 0 +█ +1 file +\d+ B$/);
    expect(lines.find((line) => line.startsWith('current'))).toMatch(/██ ▓▓▓ .* files +[\d.]+ \w+$/);
    expect(lines.find((line) => line.startsWith('history, by end'))).toContain(
      '2023-11-15T00:13:20.000000Z ─',
    );
    expect(lines.find((line) => line.startsWith('history 0'))).toMatch(/[░▒▓█].* files/);
  });

  it('fits the terminal, however narrow, down to 62 columns', async () => {
    const stats = await someStats();
    for (const columns of [62, 80, 100, 140, 400]) {
      const widths = renderStore(terminal(columns), stats)
        .split('\n')
        .map((line) => line.length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(Math.min(columns, 142));
    }
  });

  it('of an empty store says so', async () => {
    const store = await open('memory:');
    expect(renderStore(terminal(80), await store.stats())).toBe('no files');
    await store.close();
  });
});

describe('axes', () => {
  const bounds = (lower: string, upper?: string) => ({
    lower: encodeUtf8(lower),
    upper: upper === undefined ? undefined : encodeUtf8(upper),
  });

  it('keys have their places by rank, and every range has a column', () => {
    const ranges = [bounds('user/1', 'user/2'), bounds('user/2', 'user/3'), bounds('user/3', 'zz')];
    const axis = keyAxis(ranges, 30);
    expect(ranges.map((range) => axis.columnsOf(range))).toEqual([
      { start: 0, end: 10 },
      { start: 10, end: 20 },
      { start: 20, end: 30 },
    ]);
    const open = keyAxis([bounds('a', 'b'), bounds('b')], 10);
    expect(open.columnsOf(bounds('b'))).toEqual({ start: 5, end: 10 });
    expect(open.last).toBeUndefined();
    expect(keyAxis([bounds('k', 'k')], 10).columnsOf(bounds('k', 'k'))).toEqual({ start: 0, end: 1 });
  });

  it('windows four times as old and as wide take about as many columns', () => {
    const windows = [1, 4, 16, 64, 256].map((width) => ({ from: 1000 - 2 * width, to: 1000 - width }));
    const axis = ageAxis(windows, 1000, 60);
    const columns = windows.map((window) => axis.columnsOf(window));
    for (const { start, end } of columns) expect(end - start).toBeGreaterThan(3);
    for (const { start, end } of columns) expect(end - start).toBeLessThan(10);
    expect(columns.at(-1)?.start).toBe(0);
  });
});
