/** The kind of machine that figures come from, without its name. */
import { availableParallelism, cpus, totalmem } from 'node:os';

const GIB = 2 ** 30;

/** Returns processor, cores, memory and the version of Node in one line. */
export function machineKind(): string {
  const model = (cpus()[0]?.model ?? 'unknown processor').replace(/\s+/g, ' ').trim();
  const memory = Math.round(totalmem() / GIB);
  return `${availableParallelism()} cores (${model}), ${memory} GiB, Node ${process.versions.node}`;
}
