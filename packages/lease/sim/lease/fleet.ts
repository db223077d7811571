/** Runs seeds in several processes, a span at a time: one message for each run would take as long as the run. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { addFigures, type Figures, noFigures } from './span.ts';

/** What to run. */
export interface FleetTask {
  /** The compiled worker. */
  readonly worker: string;
  readonly first: number;
  readonly count: number;
  readonly jobs: number;
  /** Whether the first broken promise is enough. */
  readonly stopAtFailure: boolean;
  /** Called after every span with the figures so far. */
  readonly onProgress: (figures: Figures) => void;
}

const SPAN_RUNS = 50;
/** A span that takes longer than this has hung. */
const SPAN_MS_MAX = 300_000;

/** Runs `count` seeds from `first` on, and returns their figures. */
export async function runFleet({
  worker,
  first,
  count,
  jobs,
  stopAtFailure,
  onProgress,
}: FleetTask): Promise<Figures> {
  let next = first;
  let figures = noFigures();
  const drive = async (): Promise<void> => {
    const child = fork(worker, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    try {
      while (next < first + count && !(stopAtFailure && figures.failures.length > 0)) {
        const span = { first: next, count: Math.min(SPAN_RUNS, first + count - next), stopAtFailure };
        next += span.count;
        const result = await runSpan(child, span);
        figures = addFigures(figures, result);
        onProgress(figures);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, Math.ceil(count / SPAN_RUNS))) }, drive));
  return figures;
}

async function runSpan(child: ChildProcess, span: { readonly first: number }): Promise<Figures> {
  const over = new AbortController();
  const timer = setTimeout(() => child.kill('SIGKILL'), SPAN_MS_MAX);
  try {
    const answer = once(child, 'message', { signal: over.signal });
    const exit = once(child, 'exit', { signal: over.signal }).then(([code]) => {
      throw new Error(`a process of the fleet ended: code=${String(code)} from=${span.first}`);
    });
    child.send(span);
    const [figures] = (await Promise.race([answer, exit])) as [Figures];
    exit.catch(() => undefined);
    return figures;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
