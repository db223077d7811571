/** Writes, transactions and commits, told to whoever listens; how long commits take is kept in any case. */
import type { FileEntry } from '@clortho/manifest';
import type { WriteResult } from '../api.ts';
import type { ParsedBatch } from '../input/batch.ts';
import type { TransactResult } from '../transaction/run-transaction.ts';
import type { Transaction } from '../transaction/transaction.ts';
import {
  type CommitMessage,
  commitChannel,
  errorText,
  type TransactMessage,
  transactChannel,
  type WriteMessage,
  writeChannel,
} from './channels.ts';
import type { Metrics } from './metrics.ts';
import { observedCall } from './observed-call.ts';

/** What a transaction does. */
type TransactWork<T> = (transaction: Transaction) => Promise<T> | T;

/** What became of a group of batches. */
export interface CommitOutcome {
  /** On the clock of the metrics. */
  readonly beganMs: number;
  readonly batches: number;
  /** What was made visible. */
  readonly uploads: readonly {
    readonly entry: FileEntry;
    readonly file: { readonly place: { readonly shard: number } };
  }[];
  readonly races: number;
  readonly error?: unknown;
}

/** Submits a batch. */
export function observedWrite(
  metrics: Metrics,
  batch: ParsedBatch,
  submit: () => Promise<WriteResult>,
): Promise<WriteResult> {
  if (!writeChannel.hasSubscribers) return submit();
  const { families, operations, bytes } = batch;
  return observedCall<WriteResult, WriteMessage>(writeChannel, metrics, submit, () => {
    return { families: families.map(({ family }) => family.record.name), operations, bytes };
  });
}

/** Runs a transaction. */
export function observedTransaction<T>(
  metrics: Metrics,
  work: TransactWork<T>,
  run: (work: TransactWork<T>) => Promise<TransactResult<T>>,
): Promise<TransactResult<T>> {
  if (!transactChannel.hasSubscribers) return run(work);
  let attempts = 0;
  const counted: TransactWork<T> = (transaction) => {
    attempts += 1;
    return work(transaction);
  };
  return observedCall<TransactResult<T>, TransactMessage>(
    transactChannel,
    metrics,
    () => run(counted),
    () => ({ attempts }),
  );
}

/** Keeps the latency of a commit and tells it. */
export function noteCommit(
  metrics: Metrics,
  { beganMs, batches, uploads, races, error }: CommitOutcome,
): void {
  const durationMs = metrics.clock.monotonic() - beganMs;
  metrics.record('commit', durationMs);
  if (!commitChannel.hasSubscribers) return;
  const sum = (field: 'rows' | 'bytes'): number =>
    uploads.reduce((total, { entry }) => total + entry[field], 0);
  const message: CommitMessage = {
    store: metrics.store,
    durationMs,
    error: error === undefined ? undefined : errorText(error),
    batches,
    shards: new Set(uploads.map(({ file }) => file.place.shard)).size,
    files: uploads.length,
    rows: sum('rows'),
    bytes: sum('bytes'),
    races,
  };
  commitChannel.publish(message);
}
