/** A process of the fleet: runs spans of seeds that it is told, and says what became of each span. */
import { runSeed } from './run-seed.ts';
import { addResult, noFigures } from './span.ts';

// Nobody reads the stacks of errors that are part of the plan, and they take a third of all the time.
Error.stackTraceLimit = 0;

process.on(
  'message',
  ({ first, count, stopAtFailure }: { first: number; count: number; stopAtFailure: boolean }) => {
    runSpan(first, count, stopAtFailure).then(
      (figures) => process.send?.(figures),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  },
);
process.on('disconnect', () => process.exit());

async function runSpan(first: number, count: number, stopAtFailure: boolean) {
  let figures = noFigures();
  for (let seed = first; seed < first + count; seed += 1) {
    figures = addResult(figures, await runSeed(seed));
    if (stopAtFailure && figures.failures.length > 0) break;
  }
  return figures;
}
