/**
 * How fast a worker merges, as a share of two kernels, and how much memory that takes.
 *
 *     round      warm up   1   2   3 …
 *     kernels      ▄       ▄   ▄   ▄        each in a process of its own; they take turns, so that a slow moment of the
 *     merge          ▄       ▄   ▄   ▄      machine hits them alike, and each round is compared with its neighbour
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MergeTarget } from '@clortho/compaction';
import type { Figure } from '../report/figure.ts';
import type { Progress } from '../report/progress.ts';
import { median } from '../workload/statistics.ts';
import { type Subject, startSubject } from '../workload/subject.ts';
import type { KernelCodec } from './bare-kernel.ts';
import { inputPath, writeInputs } from './input-files.ts';
import type { KernelRound, KernelSetup } from './kernel-process.ts';
import type { MergeRound, MergeSetup } from './merge-process.ts';
import type { MergeRows } from './merge-rows.ts';

const MB = 1e6;
const MIB = 2 ** 20;
/** What was hoped for of the bare kernel; the kernel of the format itself does not come to it. */
const SHARE_OF_BARE = 60;
const SHARE_OF_FORMAT_LEAST = 50;
const MEMORY_MIB_MOST = 256;
const WARM_UP_ROUNDS = 2;
const GOALS: Readonly<Record<KernelCodec, number>> = { none: 180, lz4: 130 };

/** Measures merges of the rows in `rounds` rounds. */
export async function mergeRate(
  rows: MergeRows,
  codec: KernelCodec,
  targets: readonly MergeTarget[],
  rounds: number,
  progress: Progress,
): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'clortho-bench-'));
  try {
    const inputs = writeInputs(folder, rows, codec);
    const kernelSetup: KernelSetup = { ...rows, codec };
    const startKernel = (setup: KernelSetup): Promise<Subject<KernelRound>> =>
      startSubject<KernelRound>('./kernel-process.js', import.meta.url, setup);
    const kernel = await startKernel(kernelSetup);
    const files = inputs.map(({ id }) => inputPath(folder, id));
    const format = await startKernel({ ...kernelSetup, files });
    const worker = await startKernel({ ...kernelSetup, files, output: join(folder, 'kernel.out') });
    const merges = [];
    for (const target of targets) {
      const setup: MergeSetup = { folder, codec, target, inputs };
      merges.push({
        target,
        done: [] as MergeRound[],
        subject: await startSubject<MergeRound>('./merge-process.js', import.meta.url, setup),
      });
    }
    const kernels: KernelRound[] = [];
    const formats: KernelRound[] = [];
    const workers: KernelRound[] = [];
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      progress.update(round + WARM_UP_ROUNDS, rounds + WARM_UP_ROUNDS);
      const bare = await kernel.round();
      if (round >= 0) kernels.push(bare);
      const ofFormat = await format.round();
      if (round >= 0) formats.push(ofFormat);
      const inWorker = await worker.round();
      if (round >= 0) workers.push(inWorker);
      for (const { subject, done } of merges) {
        const outcome = await subject.round();
        if (round >= 0) done.push(outcome);
      }
    }
    await Promise.all([
      kernel.end(),
      format.end(),
      worker.end(),
      ...merges.map(({ subject }) => subject.end()),
    ]);
    return [
      { name: 'bare kernel', value: median(kernels.map(rateOf)), unit: 'MB/s' },
      { name: 'kernel of the format', value: median(formats.map(rateOf)), unit: 'MB/s' },
      share('… of the bare kernel', formats, kernels),
      {
        name: 'kernel of the format in a worker, between files',
        value: median(workers.map(rateOf)),
        unit: 'MB/s',
      },
      share('… of the bare kernel', workers, kernels),
      ...merges.flatMap(({ target, done }) => figuresOf(target, codec, done, kernels, formats)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function figuresOf(
  target: MergeTarget,
  codec: KernelCodec,
  done: readonly MergeRound[],
  kernels: readonly KernelRound[],
  formats: readonly KernelRound[],
): Figure[] {
  const memory = Math.max(...done.map(({ memoryBytes }) => memoryBytes)) / MIB;
  return [
    { name: `merge into ${target}`, value: median(done.map(rateOf)), unit: 'MB/s', goal: GOALS[codec] },
    { ...share('… of the bare kernel', done, kernels), goal: SHARE_OF_BARE },
    { ...share('… of the kernel of the format', done, formats), bar: { least: SHARE_OF_FORMAT_LEAST } },
    share('… by processor time of all threads', done, formats, cpuRateOf),
    {
      name: '… memory on top of the idle process',
      value: memory,
      unit: 'MiB',
      bar: { most: MEMORY_MIB_MOST },
      atAnySize: true,
    },
  ];
}

/** Returns the median of what the rounds of one came to as a share of those of another. */
function share(
  name: string,
  of: readonly KernelRound[],
  among: readonly KernelRound[],
  rate: (round: KernelRound) => number = rateOf,
): Figure {
  const shares = of.map((round, index) => (100 * rate(round)) / rate(among[index] as KernelRound));
  return { name, value: median(shares), unit: '%' };
}

function rateOf({ bytes, seconds }: KernelRound): number {
  return bytes / MB / seconds;
}

function cpuRateOf({ bytes, cpuSeconds }: KernelRound): number {
  return bytes / MB / cpuSeconds;
}
