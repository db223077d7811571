/**
 * How fast a worker merges, as a share of the bare kernel, and how much memory that takes.
 *
 *     round      warm up   1   2   3 …
 *     kernel       ▄       ▄   ▄   ▄        each in a process of its own; they take turns, so that a slow moment of the
 *     merge          ▄       ▄   ▄   ▄      machine hits them alike, and each round is compared with its neighbour
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MergeTarget } from '@clortho/compaction';
import type { Figure } from '../report/figure.ts';
import type { Progress } from '../report/progress.ts';
import { median } from '../workload/statistics.ts';
import { startSubject } from '../workload/subject.ts';
import type { KernelCodec } from './bare-kernel.ts';
import { writeInputs } from './input-files.ts';
import type { KernelRound, KernelSetup } from './kernel-process.ts';
import type { MergeRound, MergeSetup } from './merge-process.ts';
import type { MergeRows } from './merge-rows.ts';

const MB = 1e6;
const MIB = 2 ** 20;
const SHARE_LEAST = 60;
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
    const kernel = await startSubject<KernelRound>('./kernel-process.js', import.meta.url, kernelSetup);
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
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      progress.update(round + WARM_UP_ROUNDS, rounds + WARM_UP_ROUNDS);
      const bare = await kernel.round();
      if (round >= 0) kernels.push(bare);
      for (const { subject, done } of merges) {
        const outcome = await subject.round();
        if (round >= 0) done.push(outcome);
      }
    }
    await Promise.all([kernel.end(), ...merges.map(({ subject }) => subject.end())]);
    return [
      { name: 'bare kernel', value: median(kernels.map(rateOf)), unit: 'MB/s' },
      ...merges.flatMap(({ target, done }) => figuresOf(target, codec, done, kernels)),
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
): Figure[] {
  const share = (of: (round: KernelRound) => number): number =>
    100 * median(done.map((round, index) => of(round) / of(kernels[index] as KernelRound)));
  const memory = Math.max(...done.map(({ memoryBytes }) => memoryBytes)) / MIB;
  return [
    { name: `merge into ${target}`, value: median(done.map(rateOf)), unit: 'MB/s', goal: GOALS[codec] },
    { name: '… of the kernel', value: share(rateOf), unit: '%', bar: { least: SHARE_LEAST } },
    { name: '… by processor time of all threads', value: share(cpuRateOf), unit: '%' },
    {
      name: '… memory on top of the idle process',
      value: memory,
      unit: 'MiB',
      bar: { most: MEMORY_MIB_MOST },
      atAnySize: true,
    },
  ];
}

function rateOf({ bytes, seconds }: KernelRound): number {
  return bytes / MB / seconds;
}

function cpuRateOf({ bytes, cpuSeconds }: KernelRound): number {
  return bytes / MB / cpuSeconds;
}
