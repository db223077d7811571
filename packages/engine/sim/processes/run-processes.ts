/**
 * Several operating system processes write into one `file:` store; one of them is killed at random moments.
 *
 *     writer 0   ──▶ killed ─▶ started again ──▶ killed ─▶ …  ──▶ done
 *     writer 1…  ─────────────────────────────────────────────▶ done     then the judge reads the store
 */
import { spawn } from 'node:child_process';
import { type Random, randomBelow } from '@clortho/base';
import { judge } from './judge.ts';

/** What to run. */
export interface ProcessesTask {
  /** The compiled worker. */
  readonly worker: string;
  /** An empty directory. */
  readonly directory: string;
  readonly writers: number;
  /** How many batches each of them writes. */
  readonly batches: number;
  /** How often the first one is killed at most, and after how many milliseconds of its life at most. */
  readonly killsMax: number;
  readonly killMsMax: number;
  readonly random: Random;
}

/** What came of it. */
export interface ProcessesResult {
  /** What must not have happened, each in a line. */
  readonly problems: readonly string[];
  readonly kills: number;
  /** Batches that were acknowledged before a kill kept their writer from going on, or after. */
  readonly acknowledged: number;
  /** Batches that were committed although their writer was killed before it could note it. */
  readonly unnoted: number;
  /** How often a writer found a backend out of reach and began again. */
  readonly restarts: number;
  /** Commits, each of one or more batches. */
  readonly commits: number;
  /** How long the writers took. */
  readonly writeMs: number;
}

interface Ending {
  readonly code: number | null;
  readonly killed: boolean;
  readonly errors: string;
}

const KILLED = 0;
const START_AGAIN = 75;
const RESTARTS_MAX = 20;

/** Runs the writers until each has written all its batches, and judges what is in the store. */
export async function runProcesses(task: ProcessesTask): Promise<ProcessesResult> {
  const began = performance.now();
  const lives = await Promise.all(Array.from({ length: task.writers }, (_, writer) => live(task, writer)));
  const writeMs = performance.now() - began;
  const failures = lives.flatMap(({ problems }) => problems);
  const verdict = failures.length > 0 ? undefined : await judge(task);
  return {
    problems: verdict?.problems ?? failures,
    kills: lives[KILLED]?.kills ?? 0,
    acknowledged: verdict?.acknowledged ?? 0,
    unnoted: verdict?.unnoted ?? 0,
    restarts: lives.reduce((sum, { restarts }) => sum + restarts, 0),
    commits: verdict?.commits ?? 0,
    writeMs,
  };
}

/** Starts a writer again until it has finished. */
async function live(
  task: ProcessesTask,
  writer: number,
): Promise<{ readonly problems: string[]; readonly kills: number; readonly restarts: number }> {
  const killsMax = writer === KILLED ? task.killsMax : 0;
  let kills = 0;
  let restarts = 0;
  for (let life = 0; ; life += 1) {
    const killAfterMs = kills < killsMax ? randomBelow(task.random, task.killMsMax) : undefined;
    const { code, killed, errors } = await runWriter(task, writer, life, killAfterMs);
    if (killed) kills += 1;
    else if (code === START_AGAIN && restarts < RESTARTS_MAX) restarts += 1;
    else if (code === 0 && errors === '') return { problems: [], kills, restarts };
    else return { problems: [`writer ${writer} ended with ${code}: ${errors}`], kills, restarts };
  }
}

function runWriter(
  { worker, directory, writers, batches }: ProcessesTask,
  writer: number,
  life: number,
  killAfterMs: number | undefined,
): Promise<Ending> {
  const numbers = [writer, writers, batches, life].map(String);
  const child = spawn(process.execPath, [worker, directory, ...numbers], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, killed: signal === 'SIGKILL', errors: Buffer.concat(errors).toString() });
    });
  });
}
