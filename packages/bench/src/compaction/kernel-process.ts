/** A process that runs the bare kernel: the same rows as the merge, in memory. */
import { beSubject } from '../workload/subject.ts';
import { type KernelCodec, mergeKernel } from './bare-kernel.ts';
import { type MergeRows, ROW_BYTES } from './merge-rows.ts';

/** What it merges. */
export interface KernelSetup extends MergeRows {
  readonly codec: KernelCodec;
}

/** What a round came to. */
export interface KernelRound {
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

await beSubject(async (given) => {
  const setup = given as KernelSetup;
  const merge = mergeKernel(setup, setup.codec);
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
