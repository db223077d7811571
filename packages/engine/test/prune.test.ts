/** Pruned scans: what they skip, and that skipping never changes an answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type MinMax,
  type OpenOptions,
  open,
  type PruneReport,
  type ScanRow,
  type Statistics,
} from '../src/index.ts';
import { text } from './support/answers.ts';

const statistics = [{ type: 'minMax', name: 'first', column: { type: 'uint8', offset: 0 } }] as const;
const options: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  tuning: { threads: 0, blockBytes: 64, fileBytes: 300, historyBucketMs: 1 },
  families: { default: { statistics }, folded: { statistics, merge: 'append' } },
};

/** Rows whose first byte lies within `[low, high]`. */
function between(low: number, high: number, onEnd?: (report: PruneReport) => void) {
  return {
    mayMatch: (known: Statistics) => {
      const range = known.first as MinMax | undefined;
      return range === undefined || (range.min <= high && range.max >= low);
    },
    where: ({ value }: ScanRow) =>
      value.length > 0 && (value[0] as number) >= low && (value[0] as number) <= high,
    onEnd,
  };
}

async function collect(rows: AsyncIterable<ScanRow>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, value, timestamp } of rows) found.push(`${text(key)}=${text(value)}@${timestamp}`);
  return found;
}

describe('a pruned scan', () => {
  it('skips files and blocks that cannot match, and says so', async () => {
    const store = await open('memory:', options);
    const batch = (from: number) =>
      Array.from({ length: 50 }, (_, index) => {
        const number = from + index;
        return {
          type: 'put',
          key: `k${String(number).padStart(3, '0')}`,
          value: Uint8Array.of(number, 0, 0, 0),
        } as const;
      });
    for (let from = 0; from < 200; from += 50) await store.write(batch(from), { timestamp: from + 1 });
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      const reports: PruneReport[] = [];
      const found = await collect(store.scan({ prune: between(120, 122, (report) => reports.push(report)) }));
      expect(found.map((row) => row.slice(0, 4))).toEqual(['k120', 'k121', 'k122']);
      expect(reports).toHaveLength(1);
      const [report] = reports as [PruneReport];
      expect(report.filesRead).toBeLessThan(report.filesSkipped + report.filesRead);
      expect(report.filesSkipped).toBeGreaterThanOrEqual(3);
      expect(report.blocksRead).toBeGreaterThanOrEqual(1);
      expect(report.blocksSkipped).toBeGreaterThan(report.blocksRead);
    }
    await store.close();
  });

  it('does not let an overwritten, deleted or range-deleted version reappear', async () => {
    const store = await open('memory:', options);
    const put = (key: string, value: string, timestamp: number) => store.put(key, value, { timestamp });
    await put('changed', 'a', 1);
    await put('deleted', 'a', 2);
    await put('wiped', 'a', 3);
    await put('kept', 'a', 4);
    const wanted = { prune: between(0x61, 0x61) };
    const check = async () => {
      expect(await collect(store.scan(wanted))).toEqual(['kept=a@4']);
      expect(await collect(store.scan({ ...wanted, reverse: true }))).toEqual(['kept=a@4']);
      expect((await collect(store.scan({ ...wanted, asOf: 4 }))).length).toBe(4);
    };
    await store.compact();
    await put('changed', 'z', 5);
    await store.del('deleted', { timestamp: 6 });
    await store.write([{ type: 'deleteRange', start: 'w', end: 'x' }], { timestamp: 7 });
    await check();
    await store.compact();
    await check();
    await store.close();
  });

  it('asks about what operands came to, not about those that were read', async () => {
    const store = await open('memory:', options);
    await store.put('k', 'z', { family: 'folded', timestamp: 1 });
    await store.compact();
    await store.write([{ type: 'merge', key: 'k', value: 'a', family: 'folded' }], { timestamp: 2 });
    // The base is skipped by its statistics, and the operand alone would not be wanted.
    const prune = { ...between(0x61, 0x61), where: ({ value }: ScanRow) => text(value) === 'za' };
    expect(await collect(store.scan({ family: 'folded', prune }))).toEqual(['k=za@2']);
    await store.close();
  });

  it('equals the unpruned scan and a filter, on random data, at any time, in any direction', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const value = fc.constantFrom('', 'a', 'b', 'c', 'az', 'm', 'z');
    const family = fc.constantFrom('default', 'folded');
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key, value, family }) },
      {
        weight: 3,
        arbitrary: fc.record({
          type: fc.constant('merge' as const),
          key,
          value,
          family: fc.constant('folded'),
        }),
      },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('del' as const), key, family }) },
      {
        weight: 1,
        arbitrary: fc.tuple(key, key, family).map(([one, other, name]) => ({
          type: 'deleteRange' as const,
          start: one < other ? one : other,
          end: `${one < other ? other : one}\0`, // never an empty range, which commits nothing
          family: name,
        })),
      },
    );
    const step = fc.record({
      batch: fc.array(operation, { minLength: 1, maxLength: 4 }),
      compact: fc.boolean(),
      truncate: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.record({
          low: fc.constantFrom(0x61, 0x62, 0x6d),
          width: fc.nat(3),
          splits: fc.constantFrom([], ['c']),
        }),
        async (steps, { low, width, splits }) => {
          const store = await open('memory:', { ...options, shards: splits });
          let horizon = 0;
          for (const [index, { batch, compact, truncate }] of steps.entries()) {
            const timestamp = (index + 1) * 1000;
            await store.write(batch, { timestamp });
            if (compact && index % 2 === 0) await store.compact();
            if (truncate && index % 4 === 3) {
              await store.truncateHistory(timestamp);
              horizon = timestamp;
            }
          }
          const prune = between(low, low + width);
          const times = steps
            .map((_, index) => (index + 1) * 1000)
            .filter((timestamp) => timestamp >= horizon);
          for (const name of ['default', 'folded']) {
            for (const asOf of [undefined, ...times]) {
              const whole: ScanRow[] = [];
              for await (const row of store.scan({ family: name, asOf })) whole.push(row);
              const expected = whole
                .filter(prune.where)
                .map((row) => `${text(row.key)}=${text(row.value)}@${row.timestamp}`);
              expect(await collect(store.scan({ family: name, asOf, prune }))).toEqual(expected);
              const backward = await collect(store.scan({ family: name, asOf, prune, reverse: true }));
              expect(backward).toEqual(expected.reverse());
            }
          }
          await store.close();
        },
      ),
      { numRuns: 50 },
    );
  });
});
