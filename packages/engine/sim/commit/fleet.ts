/** Runs seeds in several processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { NO_COUNTS, type RunResult } from './run-seed.ts';

/** A run that takes longer than this has hung. */
const RUN_MS_MAX = 120_000;

/** A run makes many objects that do not outlive it. */
const NODE_FLAGS = ['--max-semi-space-size=32'];

/** What to run. */
export interface FleetTask {
  /** The compiled worker. */
  readonly worker: string;
  readonly first: number;
  readonly count: number;
  readonly jobs: number;
  /** Called with every result; `false` stops the fleet. */
  readonly onResult: (result: RunResult) => boolean;
}

/** Runs `count` seeds from `first` on. */
export async function runFleet({ worker, first, count, jobs, onResult }: FleetTask): Promise<void> {
  let next = first;
  let stopped = false;
  const drive = async (): Promise<void> => {
    let child = startChild(worker);
    try {
      while (!stopped && next < first + count) {
        const seed = next;
        next += 1;
        const result = await runIn(child, seed);
        if (!child.connected) child = startChild(worker);
        if (!onResult(result)) stopped = true;
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, count)) }, drive));
}

function startChild(worker: string): ChildProcess {
  return fork(worker, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: NODE_FLAGS });
}

/** Runs one seed; a process that ends or hangs is a problem of the run. */
function runIn(child: ChildProcess, seed: number): Promise<RunResult> {
  return new Promise((resolve) => {
    const failed = (problem: string): void =>
      finish({ seed, problems: [problem], counts: NO_COUNTS, trace: '' });
    const onMessage = (result: RunResult): void => finish(result);
    const onExit = (code: number | null): void => failed(`the process of the run ended: code=${code}`);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      failed(`the run hung: ms=${RUN_MS_MAX}`);
    }, RUN_MS_MAX);
    const finish = (result: RunResult): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(result);
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.send(seed);
  });
}
