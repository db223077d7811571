import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { goldenPath, inspectGolden } from './golden-file.ts';

interface Document {
  readonly sections: readonly { readonly offset: number; readonly bytes: number }[];
  readonly columns: readonly { readonly bytes: number; readonly blocksByWidth?: readonly number[] }[];
  readonly blocks: readonly {
    readonly rawBytes: number;
    readonly rows: number;
    readonly statistics: unknown;
  }[];
}

type GoldenRow = readonly [key: string, timestamp: number, end: number | null, kind: string, value: string];

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

/** The rows of a golden file as they were put in, in the form of `--rows --json`. */
function rowsIn(name: string): Record<string, unknown>[] {
  const { rows } = JSON.parse(readFileSync(goldenPath(name).replace('.sst', '.json'), 'utf8')) as {
    readonly rows: readonly GoldenRow[];
  };
  return rows.map(([key, timestamp, end, kind, value]) => ({
    key: hex(key),
    timestamp,
    ...(end === null ? {} : { endTimestamp: end }),
    kind,
    value: hex(value),
  }));
}

function linesOf(out: string): unknown[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('one document has everything', async () => {
  const { code, out, error } = await inspectGolden('collectors', '--json');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  const document = JSON.parse(out) as Document;
  expect(document).toMatchObject({
    name: 'collectors.sst',
    bytes: 1716,
    version: 1,
    features: [],
    codecs: ['none'],
    salt: 1,
    partitions: 1,
    hasTimestamps: true,
    summary: { rows: 48, deletes: 14, blocks: 5, minKey: hex('key 000'), maxKey: hex('key 047') },
    keys: 48,
    blocksByCodec: { none: 5 },
    filter: {
      family: 'split-block-bloom',
      bits: 768,
      bitsPerKey: 16,
      probes: 100_000,
      expectedRate: expect.any(Number),
      falsePositives: expect.any(Number),
    },
    statistics: [
      { name: 'size', version: 1, kind: 'minMax', value: { min: 33, max: 90 } },
      { name: 'letters', version: 1, kind: 'bloom', value: { bits: 77, hashes: 7 } },
      { name: 'variety', version: 1, kind: 'distinct', value: { estimate: 27 } },
      { name: 'symbol', version: 1, kind: 'countBy' },
      { name: 'crowded', version: 1 },
    ],
    rangeDeletes: [],
    verification: { state: 'whole', damage: [] },
  });
  let end = 0;
  for (const { offset, bytes } of document.sections) {
    expect(offset).toBe(end);
    end += bytes;
  }
  expect(end).toBe(1716);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  expect(sum(document.columns.map(({ bytes }) => bytes))).toBe(
    sum(document.blocks.map(({ rawBytes }) => rawBytes)),
  );
  for (const { blocksByWidth } of document.columns) if (blocksByWidth) expect(sum(blocksByWidth)).toBe(5);
  expect(sum(document.blocks.map(({ rows }) => rows))).toBe(48);
  expect(document.blocks[2]?.statistics).toEqual({});
  expect(document.blocks[0]?.statistics).toMatchObject({ size: { min: 33, max: 90 } });
});

test('--blocks and the length of the table make no difference to JSON', async () => {
  const { out } = await inspectGolden('integers', '--json');
  const { blocks } = JSON.parse(out) as Document;
  expect(blocks.length).toBeGreaterThan(60);
});

test('rows are one object per line: every version, in order', async () => {
  const { out } = await inspectGolden('kinds', '--rows', '--json');
  expect(linesOf(out)).toEqual(rowsIn('kinds'));
  const backwards = await inspectGolden('ends', '--rows', '--json', '--reverse');
  expect(linesOf(backwards.out)).toEqual(rowsIn('ends').reverse());
});

test('rows of a range, of a prefix, and the first of them', async () => {
  const all = rowsIn('kinds');
  const rows = async (...options: string[]): Promise<unknown[]> =>
    linesOf((await inspectGolden('kinds', '--rows', '--json', ...options)).out);
  const from = hex('key 005');
  const to = hex('key 011');
  const inRange = all.filter(({ key }) => String(key) >= from && String(key) < to);
  expect(inRange).toHaveLength(18);
  expect(await rows('--from', 'key 005', '--to', 'key 011')).toEqual(inRange);
  expect(await rows('--from', from, '--to', to, '--hex', '--reverse')).toEqual(inRange.toReversed());
  const prefixed = all.filter(({ key }) => String(key).startsWith(hex('key 01')));
  expect(await rows('--prefix', 'key 01')).toEqual(prefixed);
  expect(await rows('--prefix', 'key 01', '--from', 'key 015')).toEqual(prefixed.slice(15));
  expect(await rows('--prefix', 'key 01', '--to', 'key 015', '--limit', '4')).toEqual(prefixed.slice(0, 4));
  expect(await rows('--limit', '0')).toEqual([]);
  expect(await rows('--prefix', 'nothing')).toEqual([]);
});

test('with --as-of, what was visible then, one row per key', async () => {
  const { out } = await inspectGolden('versions', '--rows', '--json', '--as-of', '1699999999000000');
  const then = rowsIn('versions').filter(
    ({ timestamp, endTimestamp }) =>
      Number(timestamp) <= 1_699_999_999_000_000 && Number(endTimestamp ?? Infinity) > 1_699_999_999_000_000,
  );
  expect(then).toHaveLength(2);
  expect(linesOf(out)).toEqual(then);
});

test('rows of a file without timestamps have none', async () => {
  const { out } = await inspectGolden('timestamps-absent', '--rows', '--json');
  expect(linesOf(out)).toEqual(rowsIn('timestamps-absent').map(({ timestamp: _, ...row }) => row));
});
