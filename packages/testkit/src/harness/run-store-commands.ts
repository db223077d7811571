/**
 * The harness: every command goes to a store and to the reference model, and their answers must be equal.
 *
 *     write          a batch; with external time at the last commit's timestamp plus its step
 *     get, getMany, scan, history       of the latest, or near a commit of the past
 *     snapshot, snapshotGet, snapshotScan, snapshotClose      snapshots stay open until closed or reopened
 *     truncate       history, up to near a commit of the past; of the latest by default
 *     compact        must change no answer
 *     reopen         closes snapshots and store, and opens the store again
 *     advance        moves the clock
 *     (the end)      an audit: every family at every commit, every key's history
 *
 * Invariants:
 * - Store and model see the same operations in the same order; nothing runs concurrently.
 * - The store is closed at the end, whatever the outcome.
 */
import type { StoreCommand } from '../arbitraries/store-command.ts';
import type { ReferenceModel } from '../model/reference-model.ts';
import { answerOf, textOf } from './answer.ts';
import { Session } from './session.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** What the commands run against. */
export interface StoreCommandsRun {
  /** Opens the store: empty at first, later with everything that was committed before it was closed. */
  readonly open: () => Promise<StoreUnderTest>;
  /** An empty model with the families, shards and clock of the store. */
  readonly model: ReferenceModel;
  /** `external`: the commands choose timestamps. `clock`: the store does. */
  readonly time: 'clock' | 'external';
  /** Moves the clock of store and model, as `advance` commands ask. */
  readonly advance?: ((ms: number) => Promise<unknown>) | undefined;
  /** Whether everything is read once more at the end; `true` by default. */
  readonly audit?: boolean | undefined;
}

/**
 * Runs `commands` and returns if store and model never disagreed.
 *
 * @throws {Error} naming the index of the command, the command and both answers, at the first difference. The
 *   store's error, if it threw one, is the `cause`.
 */
export async function runStoreCommands(
  commands: readonly StoreCommand[],
  run: StoreCommandsRun,
): Promise<void> {
  const session = new Session(run, await run.open());
  try {
    for (const [index, command] of commands.entries()) {
      await session.perform(command, `command ${index}: ${textOf(command)}`);
    }
    if (run.audit ?? true) await session.audit();
  } catch (error) {
    // What a broken store says when it is closed must not hide what broke it.
    await answerOf(() => session.close());
    throw error;
  }
  await session.close();
}
