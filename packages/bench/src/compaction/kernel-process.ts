/** A process that runs a kernel: the same rows as the merge, or the same files, in memory. */
import { readFileSync } from 'node:fs';
import { beSubject } from '../workload/subject.ts';
import { type KernelCodec, mergeKernel } from './bare-kernel.ts';
import { formatKernel } from './format-kernel.ts';
import { type MergeRows, ROW_BYTES } from './merge-rows.ts';

/** What it merges, and with which kernel: the bare one, or with `files` that of the format. */
export interface KernelSetup extends MergeRows {
  readonly codec: KernelCodec;
  readonly files?: readonly string[] | undefined;
}

/** What a round came to. */
export interface KernelRound {
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

await beSubject(async (given) => {
  const setup = given as KernelSetup;
  const merge =
    setup.files === undefined
      ? mergeKernel(setup, setup.codec)
      : formatKernel(
          setup.files.map((path) => new Uint8Array(readFileSync(path))),
          setup.codec,
        );
  return {
    async round(): Promise<KernelRound> {
      const began = performance.now();
      const cpu = process.cpuUsage();
      const bytes = merge() * ROW_BYTES;
      const { user, system } = process.cpuUsage(cpu);
      return { bytes, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
    },
    end: async () => undefined,
  };
});
