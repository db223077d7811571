/**
 * A session: a store and a model that get the same commands, and the snapshots open on both.
 *
 * Invariants:
 * - After a command that threw, nothing but `close` is called.
 */
import type { PastTime, StoreCommand } from '../arbitraries/store-command.ts';
import type {
  ModelHistoryEntry,
  ModelRow,
  ModelScan,
  ModelSnapshot,
  ReferenceModel,
} from '../model/reference-model.ts';
import { type Answer, answerOf, textOf } from './answer.ts';
import type { StoreCommandsRun } from './run-store-commands.ts';
import type { SnapshotUnderTest, StoreUnderTest } from './store-under-test.ts';

interface OpenSnapshot {
  readonly store: SnapshotUnderTest;
  readonly model: ModelSnapshot;
}

/** One run: a store, its model, and the snapshots open on both. */
export class Session {
  readonly #run: StoreCommandsRun;
  readonly #model: ReferenceModel;
  #store: StoreUnderTest;
  #snapshots: OpenSnapshot[] = [];

  constructor(run: StoreCommandsRun, store: StoreUnderTest) {
    this.#run = run;
    this.#model = run.model;
    this.#store = store;
  }

  /** Closes the snapshots and the store. */
  async close(): Promise<void> {
    for (const { store } of this.#snapshots.splice(0)) await store.close();
    await this.#store.close();
  }

  /** Performs one command on both. @throws {Error} if they answer differently. */
  async perform(command: StoreCommand, what: string): Promise<void> {
    const model = this.#model;
    const store = this.#store;
    switch (command.type) {
      case 'write':
        return this.#write(command, what);
      case 'get': {
        const { family, key } = command;
        const asOf = this.#time(command.at);
        return compare(
          what,
          () => model.get(family, key, asOf),
          () => store.get(key, { family, asOf }),
        );
      }
      case 'getMany': {
        const { family, keys } = command;
        const asOf = this.#time(command.at);
        return compare(
          what,
          () => keys.map((key) => model.get(family, key, asOf)),
          () => store.getMany(keys, { family, asOf }),
        );
      }
      case 'scan': {
        const { family, scan } = command;
        return this.#scan(what, family, scan, this.#time(command.at));
      }
      case 'history': {
        const [from, to] = [this.#time(command.from), this.#time(command.to)];
        const isInverted = from !== undefined && to !== undefined && from > to;
        return this.#history(
          what,
          command.family,
          command.key,
          isInverted ? to : from,
          isInverted ? from : to,
        );
      }
      case 'snapshot':
        return perform(what, async () => {
          this.#snapshots.push({ store: await store.snapshot(), model: model.snapshot() });
        });
      case 'snapshotGet': {
        const { family, keys } = command;
        const snapshot = this.#snapshot(command.snapshot);
        if (snapshot === undefined) return undefined;
        return compare(
          what,
          () => keys.map((key) => snapshot.model.get(family, key)),
          () => snapshot.store.getMany(keys, { family }),
        );
      }
      case 'snapshotScan': {
        const { family, scan } = command;
        const snapshot = this.#snapshot(command.snapshot);
        if (snapshot === undefined) return undefined;
        return compare(
          what,
          () => snapshot.model.scan(family, scan),
          () => rowsOf(snapshot.store.scan({ ...scan, family })),
        );
      }
      case 'snapshotClose': {
        const snapshot = this.#snapshot(command.snapshot);
        if (snapshot === undefined) return undefined;
        this.#snapshots = this.#snapshots.filter((other) => other !== snapshot);
        return perform(what, () => snapshot.store.close());
      }
      case 'truncate': {
        const timestamp = this.#time(command.at) ?? model.lastTimestamp;
        return compare(
          what,
          () => model.truncate(timestamp),
          () => discard(store.truncateHistory(timestamp)),
        );
      }
      case 'compact':
        return perform(what, () => store.compact());
      case 'split': {
        const { split } = store;
        if (split === undefined) return undefined;
        model.split(command.key);
        return perform(what, () => split.call(store, command.key));
      }
      case 'reopen':
        return perform(what, async () => {
          await this.close();
          this.#store = await this.#run.open();
        });
      case 'advance':
        return perform(what, async () => this.#run.advance?.(command.ms));
    }
  }

  /** Reads everything that can be read: every family at every commit, and the history of every key. */
  async audit(): Promise<void> {
    const model = this.#model;
    for (const family of model.families) {
      await this.#scan(`audit: the latest of ${family}`, family, {}, undefined);
      for (const { timestamp } of model.commits) {
        await this.#scan(`audit: ${family} as of ${timestamp}`, family, {}, timestamp);
      }
      for (const key of model.keys(family)) {
        await this.#history(
          `audit: the history of ${textOf(key)} in ${family}`,
          family,
          key,
          undefined,
          undefined,
        );
      }
    }
  }

  async #write(command: StoreCommand & { readonly type: 'write' }, what: string): Promise<void> {
    const model = this.#model;
    const { operations } = command;
    const isExternal = this.#run.time === 'external';
    const planned = model.lastTimestamp + command.stepMicros;
    let timestamp = planned;
    const found = await answerOf(async () => {
      ({ timestamp } = await this.#store.write(operations, isExternal ? { timestamp: planned } : {}));
      return timestamp;
    });
    // The model follows the timestamp that the store chose, and refuses one that is not above those before it.
    const expected = await answerOf(() => {
      model.apply(timestamp, operations);
      return isExternal ? planned : timestamp;
    });
    requireEqual(what, expected, found);
  }

  #scan(what: string, family: string, scan: ModelScan, asOf?: number) {
    return compare(
      what,
      () => this.#model.scan(family, scan, asOf),
      () => rowsOf(this.#store.scan({ ...scan, family, asOf })),
    );
  }

  #history(what: string, family: string, key: Uint8Array, from?: number, to?: number) {
    return compare(
      what,
      () => this.#model.history(family, key, from, to),
      () => entriesOf(this.#store.history(key, { family, from, to })),
    );
  }

  /** The timestamp that a past time stands for now: never in the future, never negative. */
  #time(at: PastTime | undefined): number | undefined {
    const { commits, lastTimestamp } = this.#model;
    const commit = at === undefined ? undefined : commits[at.commit % commits.length];
    if (at === undefined || commit === undefined) return undefined;
    return Math.min(commit.timestamp + at.offset, lastTimestamp);
  }

  #snapshot(index: number): OpenSnapshot | undefined {
    return this.#snapshots[index % this.#snapshots.length];
  }
}

async function compare(what: string, expect: () => unknown, ask: () => Promise<unknown>): Promise<void> {
  requireEqual(what, await answerOf(expect), await answerOf(ask));
}

function requireEqual(what: string, expected: Answer, found: Answer): void {
  if (expected.text === found.text) return;
  const message = `store and model disagree at ${what}\n  expected ${expected.text}\n  found    ${found.text}`;
  throw new Error(message, { cause: found.cause });
}

/** Something that must succeed; what it returns does not matter. */
function perform(what: string, effect: () => Promise<unknown>): Promise<void> {
  return compare(
    what,
    () => undefined,
    () => discard(effect()),
  );
}

// A store may tell more than is compared.
async function rowsOf(rows: AsyncIterable<ModelRow>): Promise<ModelRow[]> {
  const collected: ModelRow[] = [];
  for await (const { key, value, timestamp } of rows) collected.push({ key, value, timestamp });
  return collected;
}

async function entriesOf(entries: AsyncIterable<ModelHistoryEntry>): Promise<object[]> {
  const collected: object[] = [];
  for await (const { timestamp, kind, value } of entries) collected.push({ timestamp, kind, value });
  return collected;
}

async function discard(effect: Promise<unknown>): Promise<void> {
  await effect;
}
