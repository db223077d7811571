/**
 * Running transactions: optimistic, serializable, tried again after a conflict.
 *
 *     view ──► work(tx) ──► validate on the newest view ──► swap heads of written and read shards ──► done
 *       ▲                        │ a read no longer stands          │ lost a race: validate again
 *       └────── wait, refresh ◄──┘                                  └──► …
 *
 * The one swap covers the shards that were written and those that were only read, whose floor rises to the commit
 * timestamp: no later commit can land below it there. So the order of commit timestamps is a serial order.
 *
 * Invariants:
 * - The work may run several times; what it did in attempts before the last is forgotten.
 */
import {
  type Clock,
  ClorthoError,
  isClorthoError,
  type Random,
  randomFraction,
  throwIfAborted,
} from '@clortho/base';
import type { CallOptions, Operation, Timestamp, WriteResult } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import type { CommitRequest, Committer } from '../commit/committer.ts';
import { Reader, type ReaderContext, type ViewSource } from '../read/reader.ts';
import { newestCommit } from '../view/store-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { Transaction } from './transaction.ts';

/** Options of {@link Store.transact}. */
export interface TransactOptions extends CallOptions {
  /** The commit timestamp: required with external time, refused with clock time. */
  readonly timestamp?: Timestamp | undefined;
  /** How often the work may run. Default 10. */
  readonly attempts?: number | undefined;
}

/** What a transaction that committed returns. */
export interface TransactResult<T> extends WriteResult {
  /** What the work returned. */
  readonly value: T;
}

/** What running transactions takes. */
export interface TransactionContext {
  readonly keeper: ViewKeeper;
  readonly committer: Committer;
  readonly reader: ReaderContext;
  readonly clock: Clock;
  readonly random: Random;
  familyOf(name: string | undefined): Family;
  /** Returns the request that commits operations. Throws `CLORTHO_INVALID`. */
  request(operations: readonly Operation[], options: TransactOptions): CommitRequest;
}

const ATTEMPTS = 10;
const DELAY_MS_MAX = 250;

/** Runs `work` until it commits. */
export async function runTransaction<T>(
  context: TransactionContext,
  work: (transaction: Transaction) => Promise<T> | T,
  options: TransactOptions,
): Promise<TransactResult<T>> {
  const { attempts = ATTEMPTS, signal } = options;
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new ClorthoError('CLORTHO_INVALID', `a transaction has one attempt or more: attempts=${attempts}`);
  }
  const { keeper, clock, random } = context;
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal);
    const conflicts: unknown[] = [];
    try {
      return await runOnce(context, work, options, conflicts);
    } catch (error) {
      // Other conflicts, such as a timestamp that is taken, would come again.
      if (!conflicts.includes(error) || attempt >= attempts) throw error;
    }
    await clock.sleep(randomFraction(random) * Math.min(2 ** attempt, DELAY_MS_MAX), signal);
    await keeper.refresh();
  }
}

/** One attempt; errors that another attempt may cure are noted in `conflicts`. */
async function runOnce<T>(
  context: TransactionContext,
  work: (transaction: Transaction) => Promise<T> | T,
  options: TransactOptions,
  conflicts: unknown[],
): Promise<TransactResult<T>> {
  const { keeper, committer } = context;
  const { view } = keeper;
  const reader = readerOf(context, async (lost) => {
    const error = new ClorthoError('CLORTHO_CONFLICT', 'a file that the transaction reads was collected', {
      cause: lost,
    });
    conflicts.push(error);
    throw error;
  });
  const transaction = new Transaction(view, reader, context.familyOf);
  let value: T;
  try {
    value = await work(transaction);
  } finally {
    transaction.end();
  }
  const { reads, operations } = transaction;
  if (operations.length === 0) return { value, timestamp: newestCommit(view), token: {} };
  // A file that vanishes while reads are checked belongs to a view whose swap would be lost: any newer view will do.
  const checker = readerOf(context, () => keeper.refresh());
  const result = await committer.submit({
    ...context.request(operations, options),
    reads: (newest) => reads.shardsIn(newest),
    condition: async (newest) => {
      try {
        await reads.validate(checker, newest);
      } catch (error) {
        if (isClorthoError(error, 'CLORTHO_CONFLICT')) conflicts.push(error);
        throw error;
      }
    },
  });
  return { value, ...result };
}

function readerOf({ reader }: TransactionContext, replace: ViewSource['replace']): Reader {
  const { atLeast, close } = reader.source;
  return new Reader({ ...reader, source: { view: reader.source.view, atLeast, close, replace } });
}
