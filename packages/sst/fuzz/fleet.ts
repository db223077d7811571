/**
 * Runs cases in processes of their own, so that one that crashes or hangs the process is found like any other.
 *
 *     [0, 1_000_000) --> chunks --> worker --> figures
 *                          ^           |
 *                          '-- halves -'  it died, or said nothing for two minutes: down to the one case that did it
 *
 * Invariants:
 * - Every case is run; figures do not depend on the number of workers.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addFigures, type Figures, type FoundCase, noFigures } from './figures.ts';
import type { CasesResult } from './run-cases.ts';
import type { Order } from './worker.ts';

/** What a fleet is to run. */
export interface FleetOptions extends Order {
  /** How many processes. */
  readonly jobs: number;
  /** Called with the number of cases that are done. */
  readonly onProgress: (done: number) => void;
}

const CHUNK_CASES = 400;
const SILENCE_MS_MAX = 120_000;
/** Enough to see what is wrong. */
const FOUND_MAX = 50;

/** Runs the cases `[first, end)`; stops early after fifty findings. */
export async function runFleet(options: FleetOptions): Promise<CasesResult> {
  const { seed, goldenFolder, end } = options;
  const figures: Figures = noFigures();
  const found: FoundCase[] = [];
  const halves: Order[] = [];
  let next = options.first;
  let done = 0;
  const take = (): Order | undefined => {
    const half = halves.pop();
    if (half !== undefined) return half;
    if (next >= end || found.length >= FOUND_MAX) return undefined;
    const first = next;
    next = Math.min(end, first + CHUNK_CASES);
    return { seed, goldenFolder, first, end: next };
  };
  const work = async (): Promise<void> => {
    let worker = startWorker();
    for (let order = take(); order !== undefined; order = take()) {
      const result = await ask(worker, order);
      const cases = order.end - order.first;
      if (typeof result !== 'string') {
        addFigures(figures, result.figures);
        found.push(...result.found);
        done += cases;
      } else {
        worker.kill('SIGKILL');
        worker = startWorker();
        if (cases === 1) {
          found.push({ number: order.first, kind: 'unknown', problem: result });
          done += 1;
        } else {
          const middle = order.first + Math.floor(cases / 2);
          halves.push({ ...order, end: middle }, { ...order, first: middle });
        }
      }
      options.onProgress(done);
    }
    worker.disconnect();
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  found.sort((left, right) => left.number - right.number);
  return { figures, found };
}

function startWorker(): ChildProcess {
  return fork(fileURLToPath(new URL('worker.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Returns the result of an order, or what became of the worker instead. */
async function ask(worker: ChildProcess, order: Order): Promise<CasesResult | string> {
  const { promise, settle } = outcome();
  const onMessage = (result: unknown): void => settle(result as CasesResult);
  const onExit = (code: number | null, signal: string | null): void => {
    settle(`the process died: ${signal ?? `exit code ${code}`}`);
  };
  const timer = setTimeout(() => settle(`no answer within ${SILENCE_MS_MAX / 1000} s`), SILENCE_MS_MAX);
  worker.once('message', onMessage).once('exit', onExit);
  worker.send(order);
  const result = await promise;
  clearTimeout(timer);
  worker.off('message', onMessage).off('exit', onExit);
  return result;
}

function outcome(): {
  readonly promise: Promise<CasesResult | string>;
  readonly settle: (value: CasesResult | string) => void;
} {
  let settle: (value: CasesResult | string) => void = () => undefined;
  const promise = new Promise<CasesResult | string>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
