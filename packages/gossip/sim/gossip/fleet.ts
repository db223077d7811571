/** Runs experiments in several processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExperimentOptions } from '@clortho/gossip/simulation';
import type { Measured } from './worker.ts';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
const HEAP_MIB_MAX = 3072;

/** Runs all experiments, `jobs` at a time, and returns what they measured in their order. */
export async function runFleet(experiments: readonly ExperimentOptions[], jobs: number): Promise<Measured[]> {
  const measured: Measured[] = [];
  let next = 0;
  const drive = async (): Promise<void> => {
    const child = fork(WORKER, { execArgv: [`--max-old-space-size=${HEAP_MIB_MAX}`] });
    try {
      for (let index = next++; index < experiments.length; index = next++)
        measured[index] = await runIn(child, experiments[index] as ExperimentOptions);
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, experiments.length)) }, drive));
  return measured;
}

function runIn(child: ChildProcess, experiment: ExperimentOptions): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(new Error(`a simulation ended: code=${code} nodes=${experiment.nodes} seed=${experiment.seed}`));
    };
    child.once('exit', onExit);
    child.once('message', (measured: Measured) => {
      child.off('exit', onExit);
      resolve(measured);
    });
    child.send(experiment);
  });
}
