/** A process that runs a kernel: the same rows as the merge, or the same files, in memory or between files. */
import { readFileSync } from 'node:fs';
import { beSubject } from '../workload/subject.ts';
import { type KernelCodec, mergeKernel } from './bare-kernel.ts';
import { startFormatHost } from './format-host.ts';
import { formatKernel } from './format-kernel.ts';
import { type MergeRows, ROW_BYTES } from './merge-rows.ts';

/** What it merges, and with which kernel: the bare one, with `files` that of the format, with `output` that in a worker. */
export interface KernelSetup extends MergeRows {
  readonly codec: KernelCodec;
  readonly files?: readonly string[] | undefined;
  readonly output?: string | undefined;
}

/** What a round came to. */
export interface KernelRound {
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

await beSubject(async (given) => {
  const { merge, end } = await kernelOf(given as KernelSetup);
  return {
    async round(): Promise<KernelRound> {
      const began = performance.now();
      const cpu = process.cpuUsage();
      const bytes = (await merge()) * ROW_BYTES;
      const { user, system } = process.cpuUsage(cpu);
      return { bytes, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
    },
    end,
  };
});

interface Kernel {
  merge(): number | Promise<number>;
  end(): Promise<void>;
}

async function kernelOf(setup: KernelSetup): Promise<Kernel> {
  const { codec, files, output } = setup;
  if (files !== undefined && output !== undefined) return startFormatHost(files, codec, output);
  const end = async (): Promise<void> => undefined;
  if (files === undefined) return { merge: mergeKernel(setup, codec), end };
  const bytes = files.map((path) => new Uint8Array(readFileSync(path)));
  return { merge: formatKernel(bytes, codec), end };
}
