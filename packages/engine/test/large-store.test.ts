/** A store of many files costs what a small one does: commits, with compaction at work, and reads of few rows. */
import { expect, it } from 'vitest';
import { open } from '../src/index.ts';
import { rowsOf } from './support/answers.ts';
import { largeKey, largeStore } from './support/large-store.ts';

const FEW = 400;
const MANY = 20_000;
const COMMITS = 128;
/** Each in a file of its own. */
const READS = 150;
/** CPU time varies from run to run; judging all files after every commit was beyond 10. */
const RATIO_MAX = 6;

interface Costs {
  readonly requests: Readonly<Record<string, number>>;
  readonly bytesPerCommit: number;
  readonly microsPerCommit: number;
  readonly microsPerGet: number;
  readonly microsPerScan: number;
}

/** Returns the CPU time in microseconds that one of `count` calls takes on average. */
async function microsPer(count: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await call(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

async function costsOf(files: number): Promise<Costs> {
  const backends = await largeStore(files);
  const store = await open('memory:', { ...backends, refreshMs: 1e9, tuning: { threads: 0 } });
  const commit = (index: number): Promise<unknown> => store.put(`zz/${index % 100}`, 'value');
  await microsPer(64, commit); // Also lets compaction judge the whole tree once.
  const before = await store.stats();
  const microsPerCommit = await microsPer(COMMITS, commit);
  const after = await store.stats();
  const key = (index: number): number => index * Math.floor(files / 2 / READS) * 10;
  const microsPerGet = await microsPer(READS, (index) => store.get(largeKey(key(index))));
  const microsPerScan = await microsPer(READS, (index) =>
    rowsOf(store.scan({ gte: largeKey(key(index)), lt: largeKey(key(index) + 5) })),
  );
  expect(after.compaction.jobs).toBeGreaterThan(before.compaction.jobs);
  expect(after.compaction.failures).toBe(0);
  await store.close();
  const bytesPerCommit = (after.registers.bytesWritten - before.registers.bytesWritten) / COMMITS;
  const requests = {
    puts: after.objects.puts - before.objects.puts,
    swaps: after.registers.swaps - before.registers.swaps,
    reads: after.registers.reads - before.registers.reads,
  };
  return { requests, bytesPerCommit, microsPerCommit, microsPerGet, microsPerScan };
}

it(`with ${MANY} files commits and reads cost what they do with ${FEW}`, async () => {
  await costsOf(FEW); // The first run pays for what the others find compiled.
  const few = await costsOf(FEW);
  const many = await costsOf(MANY);
  // What else runs on the machine only ever adds to a figure.
  const fewAgain = await costsOf(FEW);
  const manyAgain = await costsOf(MANY);
  const ratioOf = (name: 'microsPerCommit' | 'microsPerGet' | 'microsPerScan'): number =>
    Math.min(many[name], manyAgain[name]) / Math.min(few[name], fewAgain[name]);
  const ratios = {
    commit: ratioOf('microsPerCommit'),
    get: ratioOf('microsPerGet'),
    scan: ratioOf('microsPerScan'),
  };
  const shown = Object.entries(ratios).map(([name, ratio]) => `${name} × ${ratio.toFixed(2)}`);
  process.stdout.write(
    `CPU with ${MANY} files over ${FEW}: ${shown.join(', ')}; a commit with compaction takes ` +
      `${many.microsPerCommit.toFixed(0)} µs and ${many.bytesPerCommit.toFixed(0)} register bytes\n`,
  );
  // Compaction runs beside the commits, so that a few requests fall before or behind them.
  for (const [name, count] of Object.entries(many.requests)) {
    expect(count, name).toBeLessThan((few.requests[name] ?? 0) + 10);
  }
  expect(many.bytesPerCommit).toBeLessThan(few.bytesPerCommit + 128);
  for (const ratio of Object.values(ratios)) expect(ratio).toBeLessThan(RATIO_MAX);
}, 60_000);
