/** A process of the fleet: runs seeds that it is told, one after the other, and says what became of each. */
import { runSeed } from './run-seed.ts';

process.on('message', (seed: number) => {
  runSeed(seed).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({ seed, problems: [problem], attempts: 0, crashes: 0, trace: '' });
    },
  );
});
process.on('disconnect', () => process.exit());
