/** A process that runs the cases it is told to, and dies or hangs alone if one makes it. */
import { type Corpus, corpusOf } from './corpus/corpus.ts';
import { runCases } from './run-cases.ts';

/** What a worker is told. */
export interface Order {
  readonly seed: number;
  readonly goldenFolder: string;
  /** The cases `[first, end)`. */
  readonly first: number;
  readonly end: number;
}

let corpus: Corpus | undefined;

process.on('message', (order: Order) => {
  corpus ??= corpusOf(order.seed, order.goldenFolder);
  runCases(corpus, order.seed, order.first, order.end).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      throw error;
    },
  );
});
