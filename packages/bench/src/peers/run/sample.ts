/** What a round came to, and the measuring of it. */
import { existsSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { CloudRequests } from '../cloud/modelled-cloud.ts';

/** One round of one workload. */
export interface Sample {
  /** In the unit of the workload. */
  readonly value: number;
  readonly cpuMicrosPerOp: number;
  /** Of the whole process, the rows of the benchmark included. */
  readonly rssBytes: number;
  /** How long the event loop did not turn, at most. */
  readonly stallMs: number;
  /** What the process gave the disk; `undefined` where the system does not count it. */
  readonly bytesWritten: number | undefined;
  /** What it asked of the modelled cloud, if it was there. */
  readonly cloud?: CloudUse;
}

/** A round in the modelled cloud. */
export interface CloudUse {
  readonly opsPerSecond: number;
  /** Of one operation. */
  readonly requests: CloudRequests;
  /** Of one operation. */
  readonly dollars: number;
}

/** What a child is told first. */
export interface RunSetup {
  readonly peer: string;
  readonly group: string;
  readonly folder: string;
  readonly durable: boolean;
  readonly entries: number;
  readonly seed: number;
  /** How long a round lasts, about. */
  readonly seconds: number;
}

const NANOS_PER_MS = 1e6;
const IO_FILE = '/proc/self/io';

/** Measures `work`, which returns how many operations it did; the sample is a rate per second. */
export async function measured(work: () => Promise<number>): Promise<Sample> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const bytesBefore = bytesWritten();
  delay.enable();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const ops = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  // A turn of the loop, so that the last stretch counts.
  await new Promise((resolve) => setTimeout(resolve, 2));
  delay.disable();
  const bytesAfter = bytesWritten();
  return {
    value: ops / seconds,
    cpuMicrosPerOp: (user + system) / Math.max(1, ops),
    rssBytes: process.memoryUsage.rss(),
    stallMs: delay.max / NANOS_PER_MS,
    bytesWritten: bytesBefore === undefined ? undefined : (bytesAfter ?? 0) - bytesBefore,
  };
}

/** Returns what this process has given the disk, all its threads together. */
function bytesWritten(): number | undefined {
  if (!existsSync(IO_FILE)) return undefined;
  const line = /^write_bytes: (\d+)$/m.exec(readFileSync(IO_FILE, 'utf8'));
  return line === null ? undefined : Number(line[1]);
}
