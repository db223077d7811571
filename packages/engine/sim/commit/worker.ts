/** A process of the fleet: runs seeds that it is told, one after the other, and says what became of each. */
import { NO_COUNTS, runSeed } from './run-seed.ts';

process.on('message', (seed: number) => {
  runSeed(seed).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({ seed, problems: [problem], counts: NO_COUNTS, trace: '' });
    },
  );
});
process.on('disconnect', () => process.exit());
