/** Known good and known bad histories, each with its name. */
import { describe, expect, it } from 'vitest';
import { type CheckHistoryOptions, checkHistory, type HistoryOperation } from '../../src/index.ts';
import { read, withoutTimestamps, write } from './write-history.ts';

function violationOf(history: readonly HistoryOperation[], options?: CheckHistoryOptions) {
  const verdict = checkHistory(history, options);
  return verdict.verdict === 'invalid'
    ? verdict.violation
    : { kind: verdict.verdict, text: '', operations: [] };
}

/** Judges with and without timestamps. */
function kindsOf(history: readonly HistoryOperation[], options?: CheckHistoryOptions): string[] {
  return [violationOf(history, options).kind, violationOf(withoutTimestamps(history), options).kind];
}

const VALID = ['valid', 'valid'];
const oneShard: CheckHistoryOptions = { shardOf: () => 1 };

describe('a history is refused for', () => {
  it('a lost update', () => {
    const history = [
      write('a', 0, 1, { x: '0' }, { at: 10 }),
      write('b', 2, 5, { x: '1' }, { at: 20, reads: { x: '0' } }),
      write('c', 3, 6, { x: '2' }, { at: 30, reads: { x: '0' } }),
    ];
    expect(kindsOf(history)).toEqual(['transaction-read', 'no-order']);
    expect(violationOf(history)).toMatchObject({
      operations: [1, 2],
      text: expect.stringContaining('right below 30 x was 1 since 20, but the transaction read 0'),
    });
    expect(violationOf(withoutTimestamps(history)).operations).toEqual([0, 1, 2]);
  });

  it('a dirty read: a value that only a failed write had', () => {
    const history = [
      write('a', 0, 1, { x: '0' }, { at: 10 }),
      write('b', 2, 5, { x: '1' }, { outcome: 'failed' }),
      read('c', 3, 4, { x: '1' }),
    ];
    expect(kindsOf(history)).toEqual(['failed-write', 'failed-write']);
    expect(violationOf(history).operations).toEqual([1, 2]);
  });

  it('a failed write that is resurrected later', () => {
    const history = [
      write('a', 0, 1, { x: '1' }, { outcome: 'failed' }),
      write('b', 2, 3, { x: '2' }, { at: 20 }),
      read('c', 4, 5, { x: '2' }),
      read('c', 60_000, 60_001, { x: '1' }),
    ];
    expect(kindsOf(history)).toEqual(['failed-write', 'failed-write']);
    expect(violationOf(history).operations).toEqual([0, 3]);
  });

  it('a value from nowhere', () => {
    expect(kindsOf([read('a', 0, 1, { x: '1' })])).toEqual(['unwritten-value', 'unwritten-value']);
    // Written, but to another key.
    const crossed = [write('a', 0, 1, { y: '1' }, { at: 1 }), read('a', 2, 3, { x: '1' })];
    expect(kindsOf(crossed)).toEqual(['unwritten-value', 'unwritten-value']);
  });

  it('a batch seen half done', () => {
    const history = [
      write('a', 0, 1, { x: '0', y: '0' }, { at: 10 }),
      write('a', 2, 9, { x: '1', y: '1' }, { at: 20 }),
      read('b', 3, 4, { x: '1', y: '0' }),
    ];
    expect(kindsOf(history)).toEqual(['torn-read', 'no-order']);
    expect(violationOf(history).operations.toSorted((left, right) => left - right)).toEqual([1, 2]);
    expect(violationOf(withoutTimestamps(history)).operations).toEqual([0, 1, 2]);
  });

  it('a batch seen half done by a stale read, and by a read of the past', () => {
    const batches = [
      write('a', 0, 1, { x: '0', y: '0' }, { at: 10 }),
      write('a', 2, 3, { x: '1', y: '1' }, { at: 20 }),
    ];
    const torn = { x: '1', y: '0' };
    const stale = violationOf([...batches, read('b', 4, 5, torn, { stalenessMax: 100 })]);
    expect(stale).toMatchObject({ kind: 'torn-read', operations: [1, 2] });
    expect(stale.text).toContain('y=0 was read, but y was 1: that belongs to a commit seen on another shard');
    expect(violationOf([...batches, read('b', 4, 5, torn, { asOf: 20 })]).kind).toBe('past-read');
  });

  it('a batch of which only a part survives', () => {
    const history = [
      write('a', 0, 1, { x: '1', y: '1' }, { at: 20, outcome: 'unknown' }),
      read('b', 2, 3, { x: '1' }),
      read('b', 4, 5, { y: undefined }),
    ];
    expect(kindsOf(history)).toEqual(['stale-read', 'no-order']);
  });

  it('a read from the future', () => {
    const history = [read('a', 0, 1, { x: '1' }), write('b', 2, 3, { x: '1' }, { at: 10 })];
    expect(kindsOf(history)).toEqual(['future-read', 'future-read']);
    expect(violationOf(history)).toMatchObject({
      operations: [0, 1],
      text: expect.stringContaining('before it was'),
    });
  });

  it('a stale read after an acknowledgement', () => {
    const history = [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      write('a', 2, 3, { x: '2' }, { at: 20 }),
      read('b', 4, 5, { x: '1' }),
    ];
    expect(kindsOf(history)).toEqual(['stale-read', 'no-order']);
    expect(violationOf(history)).toMatchObject({ operations: [1, 2] });
  });

  it('reads that go back in time while the write is under way', () => {
    const history = [
      write('a', 0, 10, { x: '1' }, { at: 10 }),
      read('b', 2, 3, { x: '1' }),
      read('c', 4, 5, { x: undefined }),
    ];
    expect(kindsOf(history)).toEqual(['stale-read', 'no-order']);
    expect(violationOf(history).operations).toEqual([0, 1, 2]);
    expect(violationOf(withoutTimestamps(history)).operations).toEqual([0, 1, 2]);
  });

  it('a read older than it may be, or than its process knows', () => {
    const commits = [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      write('a', 2, 3, { x: '2' }, { at: 20 }),
      write('a', 4, 5, { y: '1' }, { at: 30 }),
    ];
    const check = (...reads: HistoryOperation[]) => violationOf([...commits, ...reads], oneShard);
    expect(check(read('b', 13, 14, { x: '1' }, { stalenessMax: 10 })).kind).toBe('valid');
    expect(check(read('b', 14, 15, { x: '1' }, { stalenessMax: 10 })).kind).toBe('stale-read');
    expect(check(read('a', 6, 7, { x: '2' }, { stalenessMax: 100 })).kind).toBe('valid');
    expect(check(read('a', 6, 7, { y: undefined }, { stalenessMax: 100 }))).toMatchObject({
      kind: 'stale-read',
      text: expect.stringContaining('its process knew of that already'),
    });
    const back = [
      read('b', 6, 7, { y: '1' }, { stalenessMax: 100 }),
      read('b', 8, 9, { x: '1' }, { stalenessMax: 100 }),
    ];
    expect(check(...back).kind).toBe('stale-read');
    expect(check(read('b', 6, 7, { x: '1', y: '1' }, { stalenessMax: 100 })).kind).toBe('torn-read');
  });

  it('a read of the past that is not repeatable', () => {
    const history = [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      read('b', 2, 3, { x: '1' }, { asOf: 25 }),
      // Lands below a time that was read already.
      write('a', 4, 5, { x: '2' }, { at: 20 }),
      read('b', 6, 7, { x: '2' }, { asOf: 25 }),
    ];
    expect(violationOf(history)).toMatchObject({
      kind: 'past-read',
      operations: [2, 1],
      text: expect.stringContaining('as of 25 x was 2 since 20, but the read saw 1'),
    });
  });

  it('write skew', () => {
    const history = [
      write('a', 0, 1, { x: '0', y: '0' }, { at: 10 }),
      write('b', 2, 5, { x: 'b' }, { at: 20, reads: { x: '0', y: '0' } }),
      write('c', 2, 5, { y: 'c' }, { at: 21, reads: { x: '0', y: '0' } }),
    ];
    expect(kindsOf(history)).toEqual(['transaction-read', 'no-order']);
    expect(violationOf(history).operations).toEqual([1, 2]);
    expect(violationOf(withoutTimestamps(history)).operations).toEqual([0, 1, 2]);
  });

  it('a write applied twice', () => {
    const history = [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      write('b', 2, 3, { x: '2' }, { at: 20 }),
      read('c', 4, 5, { x: '2' }),
      read('c', 6, 7, { x: '1' }),
    ];
    expect(kindsOf(history)).toEqual(['stale-read', 'no-order']);
    const listed = [write('a', 0, 1, { x: '1' }, { at: 10 }), read('b', 2, 3, {}, { asOf: 30 })];
    const twice = { ...listed[1]!, reads: [{ key: 'x', value: '1', timestamp: 30 }] };
    expect(violationOf([listed[0]!, twice]).kind).toBe('past-read');
  });

  it('an increment applied twice', () => {
    const history = [
      write('a', 0, 1, { n: '1' }, { reads: { n: undefined } }),
      write('b', 2, 3, { n: '3' }, { reads: { n: '2' } }),
      write('c', 2, 9, { n: '2' }, { reads: { n: '1' }, outcome: 'unknown' }),
      write('d', 5, 6, { n: '4' }, { reads: { n: '2' } }),
    ];
    expect(violationOf(history).kind).toBe('no-order');
  });

  it('commits of a shard against real time', () => {
    const history = [write('a', 0, 1, { x: '1' }, { at: 20 }), write('b', 2, 3, { y: '1' }, { at: 10 })];
    expect(violationOf(history, oneShard)).toMatchObject({
      kind: 'cycle',
      operations: expect.arrayContaining([0, 1]),
    });
    expect(kindsOf(history)).toEqual(VALID);
    const equal = [write('a', 0, 1, { x: '1' }, { at: 10 }), write('b', 2, 3, { y: '1' }, { at: 10 })];
    expect(violationOf(equal, oneShard).kind).toBe('equal-timestamps');
    expect(kindsOf(equal)).toEqual(VALID);
  });

  it('two reads that see two writes in opposite orders', () => {
    const history = [
      write('a', 0, 9, { x: '1' }, { at: 10 }),
      write('b', 0, 9, { y: '1' }, { at: 11 }),
      read('c', 1, 2, { x: '1', y: undefined }),
      read('d', 1, 2, { x: undefined, y: '1' }),
    ];
    expect(kindsOf(history)).toEqual(['cycle', 'no-order']);
    expect(violationOf(history).operations.toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3]);
    // Stale reads are cuts, no more: each process may have seen its own part first.
    const stale = history.map((operation, index) =>
      index < 2 ? operation : { ...operation, stalenessMax: 5 },
    );
    expect(violationOf(stale).kind).toBe('valid');
  });

  it('a row outside its range, out of order, twice, or beyond the limit', () => {
    const rows = (range: object, ...keys: string[]) => [
      write('a', 0, 1, { a: '1', b: '1', c: '1' }, { at: 10 }),
      { ...read('b', 2, 3, {}), ranges: [{ ...range, rows: keys.map((key) => ({ key, value: '1' })) }] },
    ];
    expect(violationOf(rows({}, 'a', 'b', 'c')).kind).toBe('valid');
    expect(violationOf(rows({ reverse: true }, 'c', 'b', 'a')).kind).toBe('valid');
    expect(violationOf(rows({ limit: 2 }, 'a', 'b')).kind).toBe('valid');
    expect(violationOf(rows({ limit: 2, reverse: true }, 'c', 'b')).kind).toBe('valid');
    for (const [range, ...keys] of [
      [{ start: 'b' }, 'a', 'b', 'c'],
      [{ end: 'c' }, 'a', 'b', 'c'],
      [{}, 'a', 'c', 'b'],
      [{}, 'a', 'a', 'b', 'c'],
      [{ reverse: true }, 'a', 'b', 'c'],
      [{ limit: 2 }, 'a', 'b', 'c'],
    ] as [object, ...string[]][]) {
      expect(violationOf(rows(range, ...keys)).kind).toBe('malformed-range');
    }
    // A row that is missing is a read of an absent key.
    expect(violationOf(rows({}, 'a', 'c')).kind).toBe('stale-read');
    expect(violationOf(rows({ limit: 2 }, 'a', 'c')).kind).toBe('stale-read');
    expect(violationOf(rows({ limit: 0 })).kind).toBe('valid');
  });
});

describe('a history is accepted with', () => {
  it('nothing in it', () => {
    expect(checkHistory([])).toEqual({ verdict: 'valid', order: [] });
  });

  it('reads beside a write that see either state', () => {
    const history = (value: string | undefined) => [
      write('a', 0, 10, { x: '1' }, { at: 10 }),
      read('b', 1, 2, { x: value }),
    ];
    expect(kindsOf(history('1'))).toEqual(VALID);
    expect(kindsOf(history(undefined))).toEqual(VALID);
    // Returning at the very moment of the invocation is no order either.
    expect(kindsOf([write('a', 0, 1, { x: '1' }, { at: 1 }), read('b', 1, 2, { x: undefined })])).toEqual(
      VALID,
    );
  });

  it('an unknown write that lands a minute later, or never', () => {
    const lost = write('a', 0, 1, { x: '1' }, { outcome: 'unknown' });
    const other = write('b', 2, 3, { x: '2' }, { at: 20 });
    const seen = (...values: (string | undefined)[]) =>
      kindsOf([lost, other, ...values.map((x, index) => read('c', 10 * index + 10, 10 * index + 11, { x }))]);
    expect(seen('2', '2')).toEqual(VALID);
    expect(seen('2', '1')).toEqual(VALID);
    expect(seen('1', '2')).toEqual(['stale-read', 'no-order']);
    expect(seen('2', '1', '2')).toEqual(['stale-read', 'no-order']);
    const twice = [lost, other, read('c', 4, 5, { x: '2' }), write('b', 6, 7, { x: '3' }, { at: 30 })];
    expect(kindsOf([...twice, read('c', 8, 9, { x: '1' })])).toEqual(VALID);
    expect(kindsOf([...twice, read('c', 8, 9, { x: '1' }), read('c', 10, 11, { x: '3' })])).toEqual([
      'stale-read',
      'no-order',
    ]);
  });

  it('an unknown delete that explains an absent key', () => {
    const history = (...values: (string | undefined)[]) => [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      write('b', 2, 3, { x: undefined }, { outcome: 'unknown' }),
      ...values.map((x, index) => read('c', 10 * index + 10, 10 * index + 11, { x })),
    ];
    expect(kindsOf(history('1', undefined))).toEqual(VALID);
    expect(kindsOf(history('1', undefined, '1'))).toEqual(['stale-read', 'no-order']);
  });

  it('an unknown write whose time only reads of the past tell', () => {
    const history = (...answers: (readonly [number, string])[]) => [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      write('b', 2, 3, { x: '2', y: '2' }, { outcome: 'unknown' }),
      write('a', 4, 5, { x: '3' }, { at: 40 }),
      ...answers.map(([asOf, x], index) => read('c', 10 + index, 10 + index, { x }, { asOf })),
    ];
    expect(violationOf(history([30, '2'], [20, '1'])).kind).toBe('valid');
    expect(violationOf(history([30, '2'], [20, '2'], [10, '1'])).kind).toBe('valid');
    expect(violationOf(history([30, '1'], [40, '3'], [50, '2'])).kind).toBe('valid');
    expect(violationOf(history([30, '1'], [20, '2'])).kind).toBe('past-read');
    // Below what was acknowledged before it began.
    expect(violationOf(history([9, '2'])).kind).toBe('past-read');
  });

  it('an unknown write of which a row tells the timestamp', () => {
    const lost = write('a', 0, 1, { x: '1' }, { outcome: 'unknown' });
    const row = (timestamp: number) => ({ key: 'x', value: '1', timestamp });
    const scan = (at: number, timestamp: number) => ({ ...read('b', at, at, {}), reads: [row(timestamp)] });
    expect(violationOf([lost, scan(5, 10), scan(6, 10)]).kind).toBe('valid');
    expect(violationOf([lost, scan(5, 10), scan(6, 11)]).kind).not.toBe('valid');
  });

  it('several writes in one commit, the last of which wins', () => {
    const group = (first: string) => [
      write('a', 0, 9, { x: '1' }, { at: 10 }),
      write('b', 1, 9, { x: '2', y: '2' }, { at: 10 }),
      read('c', 10, 11, { x: first, y: '2' }),
    ];
    expect(violationOf(group('2'), oneShard).kind).toBe('valid');
    expect(violationOf(group('1'), oneShard).kind).toBe('valid');
    const both = [...group('1'), read('c', 12, 13, { x: '2' })];
    expect(violationOf(both, oneShard).kind).not.toBe('valid');
  });

  it('equal values of different times', () => {
    const history = (last: string | undefined) => [
      write('a', 0, 1, { x: '1' }, { at: 10 }),
      write('a', 2, 20, { x: undefined }, { at: 20 }),
      write('b', 2, 20, { x: '1' }, { at: 30 }),
      read('c', 5, 6, { x: '1' }),
      read('c', 7, 8, { x: undefined }),
      read('c', 9, 10, { x: '1' }),
      read('c', 11, 12, { x: last }),
    ];
    expect(kindsOf(history('1'))).toEqual(VALID);
    expect(violationOf(history(undefined)).kind).toBe('stale-read');
  });

  it('equal values of which a later one must have been seen', () => {
    const history = [
      write('a', 0, 1, { x: '1', y: '0' }, { at: 10 }),
      write('a', 2, 20, { x: '2', y: '1' }, { at: 20 }),
      write('b', 2, 20, { x: '1', z: '1' }, { at: 30 }),
      // The oldest fitting x would be that of the first commit, which y forbids.
      read('c', 5, 6, { x: '1', y: '1' }),
      read('c', 7, 8, { z: '1' }),
    ];
    expect(kindsOf(history)).toEqual(VALID);
  });

  it('conditional puts whose conditions held', () => {
    const history = (timestamp: number) => [
      write('a', 0, 1, { x: '1' }, { at: 10, reads: { x: undefined } }),
      { ...write('b', 2, 3, { x: '2' }, { at: 20 }), reads: [{ key: 'x', timestamp }] },
    ];
    expect(violationOf(history(10)).kind).toBe('valid');
    expect(violationOf(history(9)).kind).toBe('transaction-read');
    const again = [...history(10), write('c', 4, 5, { x: '3' }, { at: 30, reads: { x: undefined } })];
    expect(violationOf(again)).toMatchObject({ kind: 'transaction-read', operations: [1, 2] });
  });

  it('transactions whose timestamps run against real time on shards that they do not share', () => {
    const history = [
      write('a', 0, 1, { x: '1' }, { at: 90 }),
      write('b', 2, 3, { y: '1' }, { at: 10, reads: { z: undefined } }),
      read('c', 4, 5, { x: '1', y: '1' }),
      read('c', 6, 7, { x: undefined, y: '1' }, { asOf: 50 }),
    ];
    expect(violationOf(history).kind).toBe('valid');
  });
});

describe('checking a history', () => {
  it('returns an order that explains it, parts put together', () => {
    const history = [
      read('a', 0, 9, { x: '1' }),
      write('b', 1, 2, { x: '1' }),
      write('c', 3, 4, { y: '1' }),
      read('d', 5, 6, { y: '1' }),
      write('e', 5, 6, { y: '2' }, { outcome: 'unknown' }),
    ];
    expect(checkHistory(history)).toEqual({ verdict: 'valid', order: [1, 0, 2, 3] });
  });

  it('gives up when the steps do not suffice', () => {
    const history = Array.from({ length: 12 }, (_, index) => write(`p${index}`, 0, 100, { x: `${index}` }));
    const contradictory = [...history, read('q', 101, 102, { x: '1' }), read('q', 103, 104, { x: '2' })];
    expect(checkHistory(contradictory, { stepsMax: 1000 })).toEqual({ verdict: 'undecided' });
  });

  it.each<[string, Partial<HistoryOperation>]>([
    ['returns before it began', { returned: -1 }],
    ['never returns and is known', { returned: undefined }],
    ['has a timestamp that is no integer', { timestamp: 1.5 }],
    ['writes the past', { asOf: 3 }],
    ['writes what is stale', { stalenessMax: 3 }],
    ['has no time', { invoked: Number.NaN }],
  ])('refuses an operation that %s', (_, part) => {
    const code = 'CLORTHO_INVALID';
    const broken = { ...write('a', 0, 1, { x: '1' }), ...part };
    expect(() => checkHistory([broken])).toThrow(expect.objectContaining({ code }));
  });

  it('wants timestamps of all acknowledged writes, or of none', () => {
    const code = 'CLORTHO_INVALID';
    const mixed = [write('a', 0, 1, { x: '1' }, { at: 1 }), write('a', 2, 3, { x: '2' })];
    expect(() => checkHistory(mixed)).toThrow(expect.objectContaining({ code }));
    expect(() => checkHistory([mixed[1]!, read('b', 4, 5, { x: '2' }, { asOf: 3 })])).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('shows the read that proves an unknown write to have happened', () => {
    const history = [
      write('a', 0, 1, { x: '1' }),
      write('a', 2, 3, { x: '2' }, { outcome: 'unknown' }),
      read('b', 3, 4, { x: '2' }),
      read('b', 5, 6, { x: '1' }),
    ];
    const { operations, text } = violationOf(history);
    expect(operations).toEqual([0, 1, 2, 3]);
    expect(text).toContain('#1 a 2..? put x=2 unknown');
  });

  it('shows few operations of a long history', () => {
    const history: HistoryOperation[] = [];
    for (let index = 0; index < 300; index += 1) {
      history.push(write(`p${index % 3}`, index * 10, index * 10 + 12, { [`k${index % 5}`]: `${index}` }));
      history.push(read('q', index * 10 + 13, index * 10 + 14, { [`k${index % 5}`]: `${index}` }));
    }
    history.splice(401, 1, read('q', 2013, 2014, { k0: '190' }));
    const { kind, operations, text } = violationOf(history);
    expect(kind).toBe('no-order');
    expect(operations.length).toBeLessThanOrEqual(4);
    expect(operations).toContain(401);
    expect(text.split('\n')).toHaveLength(operations.length + 1);
  });
});
