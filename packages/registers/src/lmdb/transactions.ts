/**
 * The reads and writes of registers as LMDB transactions.
 *
 * Invariants:
 * - Every read begins a new read transaction, so it sees what any process committed before.
 * - A group of swaps is one write transaction and one sync: its outcomes are known when it is on disk.
 * - No read transaction is open between two pages of a list: it would keep LMDB from reusing pages.
 */
import { concatBytes, decodeUtf8, encodeUtf8, keySuccessor, prefixSuccessor } from '@clortho/base';
import { lostSwap } from '../compare.ts';
import { decodeEnvelope, encodeEnvelope } from '../envelope.ts';
import type { Register, RegisterChange } from '../register-store.ts';
import type { Database } from './database.ts';
import { encodeFailure, type Failure, REGISTERS_PER_PAGE, type SwapOutcome } from './messages.ts';

/** Precedes every register key, which keeps the marker apart. */
const REGISTER_SPACE = new Uint8Array([1]);

/** Reads in one turn of the event loop, during which the binding keeps to one read transaction. */
export function readRegisters(database: Database, keys: readonly string[]): (Register | undefined)[] {
  database.resetReadTxn();
  return keys.map((key) => get(database, key));
}

/** Returns the first registers below `prefix`, above the key `after` if there is one. */
export function readPage(database: Database, prefix: string, after: string | undefined): Register[] {
  database.resetReadTxn();
  const below = databaseKey(prefix);
  const start = after === undefined ? below : keySuccessor(databaseKey(after));
  const end = prefixSuccessor(below) as Uint8Array;
  const range = database.getRange({ start, end, limit: REGISTERS_PER_PAGE });
  return Array.from(range, ({ key, value }) =>
    decodeEnvelope(decodeUtf8(key.subarray(REGISTER_SPACE.length)), value),
  );
}

/**
 * Applies those swaps of a group that fit, in order, in one transaction.
 *
 * `begin` is called with the write lock held, before anything is written; if it returns false nothing is, and the
 * result is `null`. Never rejects.
 */
export async function swapGroup(
  database: Database,
  swaps: readonly (readonly RegisterChange[])[],
  begin: () => boolean,
): Promise<readonly SwapOutcome[] | null> {
  // A swap that does not fit a snapshot has lost, and need not wait for the lock.
  const early = swaps.map((changes) => lostOutcome(changes, (keys) => readRegisters(database, keys)));
  if (!early.includes(undefined)) return early as SwapOutcome[];
  const outcomes = [...early];
  let withdrawn = false;
  let failure: Failure | undefined;
  const swapNow = (changes: readonly RegisterChange[]): SwapOutcome => {
    const lost = lostOutcome(changes, (keys) => keys.map((key) => get(database, key)));
    if (lost !== undefined) return lost;
    for (const { key, expect, value } of changes) {
      if (value === undefined) continue;
      database.putSync(databaseKey(key), encodeEnvelope({ key, version: expect + 1, value }));
    }
    return { result: { applied: true } };
  };
  try {
    await database.childTransaction(() => {
      withdrawn = !begin();
      if (withdrawn) return;
      try {
        for (const [index, changes] of swaps.entries()) outcomes[index] ??= swapNow(changes);
      } catch (error) {
        failure = encodeFailure(error, 'CLORTHO_UNAVAILABLE', 'write failed and was undone');
        throw error; // Aborts the transaction.
      }
    });
  } catch (error) {
    failure ??= encodeFailure(error, 'CLORTHO_OUTCOME_UNKNOWN', 'commit failed');
  }
  if (withdrawn) return null;
  if (failure === undefined) return outcomes as SwapOutcome[];
  // A swap that lost to another one of the group lost to nothing if that was undone.
  const undecided: SwapOutcome = { failure };
  return early.map((outcome) => outcome ?? undecided);
}

/** Returns what keeps a swap from being applied to the registers as `read` finds them, or `undefined`. */
function lostOutcome(
  changes: readonly RegisterChange[],
  read: (keys: readonly string[]) => readonly (Register | undefined)[],
): SwapOutcome | undefined {
  try {
    const result = lostSwap(changes, read(changes.map(({ key }) => key)));
    return result && { result };
  } catch (error) {
    return { failure: encodeFailure(error, 'CLORTHO_UNAVAILABLE', 'read failed') };
  }
}

function get(database: Database, key: string): Register | undefined {
  const bytes = database.get(databaseKey(key));
  return bytes === undefined ? undefined : decodeEnvelope(key, bytes);
}

function databaseKey(key: string): Uint8Array {
  return concatBytes([REGISTER_SPACE, encodeUtf8(key)]);
}
