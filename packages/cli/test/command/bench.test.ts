import { createBucket } from '@clortho/object-store';
import { startS3Server } from '@clortho/testkit';
import { expect, test } from 'vitest';
import type { WorkloadResult } from '../../src/bench/run-bench.ts';
import { WORKLOAD_NAMES } from '../../src/bench/workloads.ts';
import { clortho, jsonOf, withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';

/** Small enough for a test, more than one batch. */
const SMALL = ['--entries', '1200', '--seconds', '0.05', '--callers', '4'];

interface Report {
  readonly store: string;
  readonly workloads: readonly WorkloadResult[];
  readonly prices?: string;
}

const namesOf = ({ workloads }: Report): string[] => workloads.map(({ name }) => name);

test(
  'measures everything on a store that it makes, and keeps to its family',
  () =>
    withDirectory(async (directory) => {
      const url = `file:${directory}/store`;
      const called = await call(['bench', url, '--json', ...SMALL]);
      expect(called).toMatchObject({ code: 0, error: '' });
      const report = jsonOf(called) as Report;
      expect(namesOf(report)).toEqual(WORKLOAD_NAMES);
      const [load, ...others] = report.workloads;
      expect(load).toMatchObject({ ops: 2, rows: 1200 });
      for (const one of others) {
        expect(one.ops).toBeGreaterThan(0);
        expect(one.opsPerSecond).toBeCloseTo((1000 * one.ops) / one.ms);
        expect(one.p50Ms).toBeGreaterThan(0);
        expect(one.maxMs).toBeGreaterThanOrEqual(one.p99Ms);
        expect(one).not.toHaveProperty('dollarsPerMillionOps');
      }
      const [loaded, , , many, scan] = report.workloads as WorkloadResult[];
      expect(loaded!.requestsPerOp).toBeGreaterThan(0);
      expect(loaded!.bytesPerOp).toBeGreaterThan(30_000);
      expect(many!.rows).toBe(100 * many!.ops);
      expect(scan!.rows).toBe(1200 * scan!.ops);
      expect(await call(['scan', '--url', url])).toEqual({ code: 0, out: '', error: '' });
    }),
  60_000,
);

test('shows a table, what it writes, and how to remove that', async () => {
  const { code, out, error } = await call([
    'bench',
    'memory:bench-table',
    '--only',
    'as-of,load,peek',
    ...SMALL,
  ]);
  expect(code).toBe(0);
  expect(error).toContain(
    'Creates the store memory:bench-table, and writes 1,200 rows (135.9 KiB) and their updates to the family clortho-bench.\n',
  );
  expect(error).toContain("clortho bench 'memory:bench-table' --remove");
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toBe(lines[0]?.trimEnd());
  expect(lines[0]?.split(/ {2,}/)).toEqual([
    'workload',
    'ops/s',
    'rows/s',
    'p50',
    'p99',
    'requests/op',
    'bytes/op',
  ]);
  expect(lines.slice(2).map((line) => line.split(/ {2,}/)[0])).toEqual(['load', 'peek', 'get asOf']);
});

test(
  'writes to a store that exists only with --yes, and uses what is loaded',
  () =>
    withDirectory(async (directory) => {
      const url = `file:${directory}`;
      await call(['create', '--url', url]);
      await call(['put', 'mine', 'value', '--url', url]);
      const refused = await call(['bench', url, ...SMALL]);
      expect(refused).toMatchObject({ code: 2, out: '' });
      expect(refused.error).toMatch(
        /^clortho: the store exists: pass --yes to write 1,200 rows .* \(CLORTHO_INVALID\)\n$/,
      );
      expect((await call(['stats', '--url', url])).out).not.toContain('clortho-bench');
      const bench = async (...more: string[]): Promise<Report> =>
        jsonOf(await call(['bench', '--url', url, '--yes', '--json', ...SMALL, ...more])) as Report;
      // Rows that are needed are loaded, and told of.
      expect(namesOf(await bench('--only', 'get,ycsb-f'))).toEqual(['load', 'get', 'ycsb-f']);
      expect(namesOf(await bench('--only', 'scan'))).toEqual(['scan']);
      expect(namesOf(await bench('--only', 'scan', '--seed', '2'))).toEqual(['load', 'scan']);
      expect(namesOf(await bench('--only', 'scan', '--entries', '700'))).toEqual(['load', 'scan']);

      const removed = await call(['bench', url, '--remove']);
      expect(removed).toMatchObject({ code: 0, error: '' });
      expect((await call(['scan', '--url', url, '--family', 'clortho-bench'])).out).toBe('');
      expect((await call(['scan', '--url', url])).out).toBe('mine\tvalue\n');
      expect(namesOf(await bench('--only', 'get', '--entries', '700'))).toEqual(['load', 'get']);
    }),
  60_000,
);

test("leaves alone what is not the bench's", () =>
  withDirectory(async (directory) => {
    const url = `file:${directory}/taken`;
    await call(['create', '--url', url, '--family', 'clortho-bench']);
    await call(['put', 'mine', 'value', '--url', url, '--family', 'clortho-bench']);
    for (const parameters of [['--yes', ...SMALL], ['--remove']]) {
      const { code, error } = await call(['bench', url, ...parameters]);
      expect(code).toBe(2);
      expect(error).toContain("the family has rows that are not the bench's: family=clortho-bench");
    }
    expect((await call(['scan', '--url', url, '--family', 'clortho-bench'])).out).toBe('mine\tvalue\n');

    const external = `file:${directory}/external`;
    await call(['create', '--url', external, '--time', 'external']);
    const { code, error } = await call(['bench', external, '--yes', ...SMALL]);
    expect(code).toBe(2);
    expect(error).toContain('a store with external time');
    expect((await call(['stats', '--url', external])).out).not.toContain('clortho-bench');
  }));

test('there is nothing to remove where there is nothing', () =>
  withDirectory(async (directory) => {
    const url = `file:${directory}/store`;
    expect((await call(['bench', url, '--remove'])).code).toBe(3);
    await call(['create', '--url', url]);
    expect((await call(['bench', url, '--remove'])).code).toBe(3);
  }));

test.for([
  [['--only', 'get,put'], 'expected some of load, get, peek'],
  [['--seconds', '0'], 'expected a number up to 3600'],
  [['--entries', '0'], 'expected a whole number of 1 or more'],
  [['--url', 'memory:other'], 'which store?'],
] as const)('%j is a usage error', async ([parameters, problem]) => {
  const { code, out, error } = await call(['bench', 'memory:', ...parameters]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toContain(problem);
});

test('on S3 it estimates prices, and says what they stand on', async () => {
  const s3 = await startS3Server();
  try {
    const { region, endpoint, accessKeyId, secretAccessKey } = s3;
    const environment = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    await createBucket({ bucket: 'bucket', region, endpoint, credentials: { accessKeyId, secretAccessKey } });
    const only = ['--only', 'load,ycsb-a'];
    const { code, out, error } = await clortho(['bench', 's3://bucket/bench', ...only, ...SMALL], {
      environment,
    });
    expect({ code, error }).toMatchObject({ code: 0 });
    expect(out).toContain('$/million ops');
    expect(out).toContain('as listed on 2024-11-01');
    // A batch is at least a PUT of objects and one of registers.
    const dollars = Number(/^load .*\$([\d.]+)$/m.exec(out)?.[1]);
    expect(dollars).toBeGreaterThan(5);
    expect(dollars).toBeLessThan(200);
  } finally {
    await s3.close();
  }
}, 60_000);
