/** Progress on stderr: a bar on a terminal, a line every few seconds elsewhere. */
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

/** Shows how far a run is. */
export interface Progress {
  /** Tells that `done` cases are done. */
  update(done: number): void;
  /** Ends the display. */
  stop(): void;
}

interface Bar {
  start(total: number, value: number, payload: Readonly<Record<string, string>>): void;
  update(value: number, payload: Readonly<Record<string, string>>): void;
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/** Shows the progress of `total` cases. */
export function showProgress(total: number): Progress {
  const began = performance.now();
  const rate = (done: number): string =>
    `${Math.round((done * 1000) / (performance.now() - began + 1))} cases/s`;
  if (process.stderr.isTTY) {
    const { SingleBar } = createRequire(import.meta.url)('cli-progress') as {
      readonly SingleBar: new (options: object) => Bar;
    };
    const format = 'fuzzing {bar} {percentage} %  {value} of {total}  {rate}  {eta_formatted} left';
    const bar = new SingleBar({
      format,
      stream: process.stderr,
      hideCursor: true,
      barsize: 30,
      etaBuffer: 100,
      fps: 5,
    });
    bar.start(total, 0, { rate: '' });
    return { update: (done) => bar.update(done, { rate: rate(done) }), stop: () => bar.stop() };
  }
  let shown = began;
  return {
    update(done) {
      const time = performance.now();
      if (time - shown < LINE_EVERY_MS) return;
      shown = time;
      const seconds = Math.round(((time - began) * (total - done)) / Math.max(1, done) / 1000);
      process.stderr.write(`fuzzing: ${done} of ${total} cases, ${rate(done)}, ${seconds} s left\n`);
    },
    stop: () => undefined,
  };
}
