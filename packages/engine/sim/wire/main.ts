/**
 * The command line of the runs over real sockets: `pnpm sim:wire --runs 200 --seed 1`.
 *
 *     --runs N     how many seeds, default 20          --real       Ceph and DynamoDB Local, as `scripts/real-servers env` says
 *     --seed S     the first seed, default 1           --at-once N  how many runs share the servers, default 2
 *     --minutes N  begin no run after this, default 60
 *
 * Prints a table for `docs/faults.md`, and exits with 1 if a promise was broken.
 */
import { parseArgs } from 'node:util';
import { realCloud, testCloud } from './cloud.ts';
import { runOverWire, sumOf, type WireResult, type WireSize } from './run-over-wire.ts';

const SIZE: WireSize = { writers: 3, actionsPerWriter: 40, keeperActions: 12 };
const PROGRESS_RUNS = 10;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    real: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '2' },
    minutes: { type: 'string', default: '60' },
  },
});
const first = countOf('seed');
const runs = countOf('runs');
const cloud = await (values.real ? realCloud(process.env, `wire-${process.pid}-${first}`) : testCloud());
const results: WireResult[] = [];
const beganMs = performance.now();
const endMs = beganMs + countOf('minutes') * 60_000;
let next = first;
const lane = async (): Promise<void> => {
  while (next < first + runs && performance.now() < endMs) {
    const seed = next;
    next += 1;
    const result = await runOverWire(seed, cloud, SIZE);
    results.push(result);
    for (const problem of result.problems) process.stderr.write(`seed ${seed}: ${problem}\n`);
    if (results.length % PROGRESS_RUNS === 0) process.stderr.write(`${results.length} of ${runs} runs\n`);
  }
};
try {
  await Promise.all(Array.from({ length: countOf('at-once') }, lane));
} finally {
  await cloud.close();
}
process.stdout.write(`${table(results)}\n`);
process.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0;

function table(of: readonly WireResult[]): string {
  const sum = (count: (result: WireResult) => number): number =>
    of.reduce((total, result) => total + count(result), 0);
  const faults = sumOf(of.map((result) => result.faults));
  const rows: (readonly [string, number | string])[] = [
    ['servers', cloud.name],
    [
      'runs',
      `${of.length}, seeds ${first} to ${next - 1}, ${Math.round((performance.now() - beganMs) / 1000)} s`,
    ],
    ['calls that wrote, acknowledged', sum(({ writes }) => writes.ok)],
    ['calls that wrote, failed', sum(({ writes }) => writes.failed)],
    ['calls that wrote, unknown to their caller', sum(({ writes }) => writes.unknown)],
    ['calls that read', sum(({ reads }) => reads)],
    ['processes that crashed', sum(({ crashes }) => crashes)],
    ['swaps without a reply, settled by looking', sum(({ unknownSwaps }) => unknownSwaps)],
    ['requests through the proxies', sum(({ requests }) => requests)],
    ...Object.entries(faults).map(([kind, count]) => [`fault: ${kind}`, count] as const),
    ['violations', sum(({ problems }) => problems.length)],
  ];
  const lines = rows.map(([what, count]) => `| ${what} | ${count} |`);
  return ['| what | count |', '|---|---|', ...lines].join('\n');
}

function countOf(name: 'runs' | 'seed' | 'at-once' | 'minutes'): number {
  const count = Number(values[name]);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  process.stderr.write(`--${name} is a count: ${values[name]}\n`);
  process.exit(2);
}
