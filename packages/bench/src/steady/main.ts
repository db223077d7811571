/**
 * `pnpm bench:steady`: whether a store under load stays as it is: runs, memory, latency.
 *
 *     --minutes M    how long, 10 by default; the maximum is measured before, for as long as a thirtieth of that
 *     --rows N       keys, 200,000 by default
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { systemClock } from '@clortho/base';
import { open, type Store } from '@clortho/engine';
import type { Figure } from '../report/figure.ts';
import { lineChart } from '../report/line-chart.ts';
import type { Progress } from '../report/progress.ts';
import { runBench } from '../report/run-bench.ts';
import { median } from '../workload/statistics.ts';
import { BATCH_ROWS, LOG, mixedWrites } from './mixed-writes.ts';
import { type Sample, Sampler } from './sampler.ts';
import { WRITERS, writeFor } from './writers.ts';

const MIB = 2 ** 20;
const MICROS_PER_MS = 1000;
const LOAD_FRACTION = 0.8;
const RUNS_MOST = 12;
const GROWTH_MOST = 10;
const STALL_MS_MOST = 2000;
const GC_EVERY_MS = 2000;
/** History and log are short beside the run, so that both are thrown away all the time. */
const KEEP_MS = 60_000;
const WINDOW_MS = 15_000;

interface Steady {
  readonly maximum: number;
  readonly samples: readonly Sample[];
  /** In microseconds: histograms, because a list of all batches would be the memory that grows. */
  readonly latencies: RecordableHistogram;
  readonly lateness: RecordableHistogram;
}

await runBench({
  name: 'steady',
  title: 'A store under load, measured',
  sizes: { minutes: 10, rows: 200_000 },
  async run({ seed, sizes, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'clortho-bench-'));
    try {
      const steady = await measure(folder, { seed, ...sizes }, progress);
      const figures = figuresOf(steady);
      return {
        about: about(sizes),
        sections: [{ title: `${sizes.minutes} minutes`, figures }],
        pictures: [pictureOf(steady, sizes.minutes)],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

async function measure(
  folder: string,
  { seed, minutes, rows }: { readonly seed: number; readonly minutes: number; readonly rows: number },
  progress: Progress,
): Promise<Steady> {
  const store = await open(`file:${folder}`, {
    families: {
      default: { retention: { keepMs: KEEP_MS } },
      [LOG]: { kind: 'log', log: { windowMs: WINDOW_MS, retainMs: KEEP_MS } },
    },
    tuning: { historyBucketMs: WINDOW_MS },
  });
  const stop = new AbortController();
  const collecting = collect(store, stop.signal);
  const draw = mixedWrites(seed, rows);
  const seconds = Math.max(1, Math.round(minutes * 60));
  const trialSeconds = Math.max(2, seconds / 30);
  const trial = { rowsPerSecond: Number.POSITIVE_INFINITY, seconds: trialSeconds };
  progress.begin('warming up');
  await writeFor(store, draw, trial, () => undefined);
  progress.begin('measuring the maximum');
  const maximum = (await writeFor(store, draw, trial, () => undefined)) / trialSeconds;
  progress.begin(`writing ${Math.round(LOAD_FRACTION * maximum)} rows/s`);
  const sampler = new Sampler(store);
  const latencies = createHistogram();
  const lateness = createHistogram();
  const load = writeFor(store, draw, { rowsPerSecond: LOAD_FRACTION * maximum, seconds }, (batch) => {
    latencies.record(microsOf(batch.latencyMs));
    lateness.record(microsOf(batch.lateMs));
    sampler.note(batch);
  });
  await Promise.all([load, sampler.run(seconds, (done) => progress.update(done, seconds))]);
  stop.abort();
  await collecting;
  await store.close();
  return { maximum, samples: sampler.samples, latencies, lateness };
}

function microsOf(ms: number): number {
  return Math.max(1, Math.round(ms * MICROS_PER_MS));
}

/** Collects garbage now and then: otherwise the disk would keep what merges have replaced. */
async function collect(store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(GC_EVERY_MS, signal).catch(() => undefined);
    if (!signal.aborted) await store.gc();
  }
}

function figuresOf({ maximum, samples, latencies, lateness }: Steady): Figure[] {
  const third = Math.floor(samples.length / 3);
  const middle = samples.slice(third, 2 * third);
  const last = samples.slice(2 * third);
  const growth = (of: (sample: Sample) => number): number =>
    100 * (median(last.map(of)) / median(middle.map(of)) - 1);
  const runs = samples.map((sample) => sample.runs);
  const rows = samples.reduce((sum, sample) => sum + sample.rows, 0);
  return [
    { name: 'maximum, measured before', value: maximum, unit: 'rows/s' },
    { name: 'written', value: rows / samples.length, unit: 'rows/s' },
    {
      name: 'runs that a point read may consult, most',
      value: Math.max(...runs),
      unit: '',
      bar: { most: RUNS_MOST },
    },
    { name: '… median', value: median(runs), unit: '' },
    {
      name: 'resident memory, last third',
      value: median(last.map(({ rssBytes }) => rssBytes)) / MIB,
      unit: 'MiB',
    },
    {
      name: '… growth since the middle third',
      value: growth(({ rssBytes }) => rssBytes),
      unit: '%',
      bar: { most: GROWTH_MOST },
    },
    {
      name: 'heap and buffers, growth since the middle third',
      value: growth(({ heapBytes }) => heapBytes),
      unit: '%',
      bar: { most: GROWTH_MOST },
    },
    { name: 'latency of a batch, median', value: latencies.percentile(50) / MICROS_PER_MS, unit: 'ms' },
    { name: '… 99 of 100', value: latencies.percentile(99) / MICROS_PER_MS, unit: 'ms' },
    {
      name: '… longest',
      value: latencies.max / MICROS_PER_MS,
      unit: 'ms',
      bar: { most: STALL_MS_MOST },
      atAnySize: true,
    },
    {
      name: 'batches sent late, 99 of 100 by less than',
      value: lateness.percentile(99) / MICROS_PER_MS,
      unit: 'ms',
    },
    {
      name: 'held back by back-pressure',
      value: (100 * (samples.at(-1)?.delayMs ?? 0)) / 1000 / samples.length,
      unit: '%',
    },
    {
      name: 'runs of the log family, most',
      value: Math.max(...samples.map(({ logRuns }) => logRuns)),
      unit: '',
    },
  ];
}

function pictureOf({ samples }: Steady, minutes: number): { file: string; caption: string; svg: string } {
  const lineOf = (name: string, of: (sample: Sample) => number): { name: string; values: number[] } => ({
    name,
    values: samples.map(of),
  });
  const svg = lineChart(
    [
      {
        title: 'runs that a point read may consult',
        lines: [lineOf('delta and Current', ({ runs }) => runs)],
        most: RUNS_MOST,
      },
      {
        title: 'memory, MiB',
        lines: [
          lineOf('resident', ({ rssBytes }) => rssBytes / MIB),
          lineOf('heap and buffers', ({ heapBytes }) => heapBytes / MIB),
        ],
      },
      {
        title: 'latency of a batch, ms',
        lines: [
          lineOf('median', ({ latencyMs }) => latencyMs),
          lineOf('longest', ({ latencyMsMax }) => latencyMsMax),
        ],
      },
      { title: 'rows written per second', lines: [lineOf('rows', ({ rows }) => rows)] },
    ],
    minutes,
  );
  return { file: 'steady.svg', caption: 'runs, memory, latency and rate over time', svg };
}

function about({ rows }: { readonly rows: number }): string[] {
  return [
    `${WRITERS} writers with batches of ${BATCH_ROWS} rows: 70 % overwrites of ${rows.toLocaleString('en-US')} keys with skew ` +
      '(theta 0.99), 10 % deletes, 20 % appends to a log family. The store lies in a folder, made durable with every commit, with ' +
      'default tuning but for narrow buckets: history and log are kept for a minute in windows of 15 s, so that both are ' +
      'thrown away all the time. What merges have replaced is collected every 2 s.',
    'The maximum is what the store takes as fast as it can, measured in the same process just before. Then batches are due at ' +
      '80 % of that rate; a batch for which no writer is free then is late.',
  ];
}
