import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { clortho, jsonOf, withDirectory } from '../cli.ts';

interface DemoJson {
  readonly rows: number;
  readonly fill: { readonly rows: number; readonly batches: number; readonly rowsBefore: number };
  readonly answers: {
    readonly busiest: readonly {
      asOf: number;
      airports?: number;
      ranking: { airport: string; departures: number }[];
    }[];
    readonly history: { readonly airport: string; readonly versions: number };
    readonly late: { readonly flights: { delay: number }[]; readonly pruning: { filesSkipped: number } };
  };
  readonly bill: { readonly lines: { what: string; count: number }[]; readonly requestDollars: number };
  readonly checks: readonly { name: string; ok: boolean }[];
}

test(
  '20,000 flights: every answer agrees with the records, and a second run finds all as it was',
  () =>
    withDirectory(async (directory) => {
      const parameters = ['demo', '--json', '--rows', '20000', '--dir', directory];
      const first = await clortho(parameters);
      expect(first).toMatchObject({ code: 0, error: '' });
      const report = jsonOf(first) as DemoJson;
      // Whole hours: the one that row 20,000 falls into is loaded to its end.
      expect(report.rows).toBe(21_262);
      expect(report.fill).toMatchObject({ rows: 21_262, batches: 13, rowsBefore: 0 });
      expect(report.answers.busiest.map(({ ranking }) => ranking[0])).toMatchObject([
        { airport: 'ORD', departures: 1224 },
        { airport: 'ORD', departures: 976 },
        { airport: 'ORD', departures: 735 },
        { airport: 'ORD', departures: 405 },
      ]);
      expect(report.answers.history).toMatchObject({ airport: 'ORD', versions: 13 });
      expect(report.answers.late.flights.map(({ delay }) => delay)).toEqual([
        1191,
        1088,
        867,
        573,
        404,
        expect.any(Number),
      ]);
      expect(report.answers.late.pruning.filesSkipped).toBeGreaterThan(0);
      expect(report.bill.requestDollars).toBeGreaterThan(0);
      expect(report.checks.length).toBeGreaterThanOrEqual(10);
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);

      const second = jsonOf(await clortho(parameters)) as DemoJson;
      expect(second.fill).toMatchObject({ rows: 0, batches: 0, rowsBefore: 21_262 });
      expect(second.answers.late.flights).toEqual(report.answers.late.flights);
      expect(second.answers.busiest[0]?.ranking).toEqual(report.answers.busiest[0]?.ranking);
      // The first run forgot the time before the half: nothing may be answered about it.
      expect(second.answers.busiest[3]).not.toHaveProperty('airports');
      expect(second.checks.filter(({ ok }) => !ok)).toEqual([]);

      // More rows later: the store goes on where it ended.
      const third = jsonOf(
        await clortho(['demo', '--json', '--rows', '30000', '--dir', directory]),
      ) as DemoJson;
      expect(third.fill.rowsBefore).toBe(21_262);
      expect(third.rows).toBeGreaterThanOrEqual(30_000);
      expect(third.checks.filter(({ ok }) => !ok)).toEqual([]);
    }),
  120_000,
);

test(
  'people see tables and plots, and nothing is left behind',
  () =>
    withDirectory(async (directory) => {
      const { code, out } = await clortho(['demo', '--rows', '5000'], { environment: { TMPDIR: directory } });
      expect(code).toBe(0);
      expect(out).toContain('The busiest airports, by departures');
      expect(out).toContain('The tree after compaction');
      expect(out).toMatch(/(\d+) of \1 answers agree with a plain computation/);
      expect(out).not.toContain('\u001b');
      expect(await readdir(directory)).toEqual([]);
    }),
  60_000,
);

test(
  'a store that the demo did not fill, or not with this file, is refused',
  () =>
    withDirectory(async (directory) => {
      const url = `file:${directory}`;
      expect((await clortho(['demo', '--rows', '5000', '--url', url])).code).toBe(0);
      const lie = ['put', 'progress', '123', '--family', 'airports', '--timestamp', '2001-07-01'];
      expect(await clortho([...lie, '--url', url])).toMatchObject({ code: 0, error: '' });
      const { code, error } = await clortho(['demo', '--rows', '5000', '--url', url]);
      expect(code).toBe(2);
      expect(error).toContain('the store was filled from another file');
    }),
  60_000,
);

test(
  'a wrong answer is noticed and named',
  () =>
    withDirectory(async (directory) => {
      const url = `file:${directory}`;
      expect((await clortho(['demo', '--rows', '5000', '--url', url])).code).toBe(0);
      // ORD gets another state than its flights have given it.
      const wrong = ['put', '4f5244', '01000000020000000300', '--hex', '--family', 'airports'];
      expect((await clortho([...wrong, '--timestamp', '2001-07-01', '--url', url])).code).toBe(0);
      const { code, error } = await clortho(['demo', '--rows', '5000', '--url', url]);
      expect(code).toBe(1);
      expect(error).toMatch(
        /^clortho: an answer is wrong: question=busiest airports .+ \(CLORTHO_CORRUPT\)$/m,
      );
    }),
  60_000,
);

test('without the file it says what to install', async () => {
  const { code, error } = await clortho(['demo', '--data', '/no/such.parquet']);
  expect(code).toBe(3);
  expect(error).toContain('npm install vega-datasets');
});
