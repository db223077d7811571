/** What processes do: writers and readers of a few keys, one that compacts, one that collects garbage. */
import { isClorthoError } from '@clortho/base';
import type { Operation, Store, Transaction } from '@clortho/engine';
import type { Attempt, Outcome, Seen, WriteAttempt } from './attempt.ts';
import { between, pick, pickWeighted } from './draw.ts';
import type { Session, World } from './world.ts';

/** Few keys over all shards, so that clients meet. */
export const KEYS: readonly string[] = ['a', 'b', 'c', 'n', 'o', 'x', 'y'];

/** What a client needs. */
export interface Client extends Session {
  readonly world: World;
  readonly history: Attempt[];
  readonly shardOf: (key: string) => number;
  /** Returns a value that nobody has written before. */
  readonly freshValue: () => string;
}

/** Makes one call of a writer. */
export async function act(client: Client): Promise<void> {
  const action = pickWeighted(client.world.random, [
    [4, writeBatch],
    [2, putIf],
    [3, transact],
    [2, readLatest],
    [2, readPast],
    [1, readSnapshot],
  ] as const);
  await action(client);
}

async function writeBatch(client: Client): Promise<void> {
  const { random } = client.world;
  const effects = new Map<string, string | undefined>();
  const operations: Operation[] = [];
  for (let left = between(random, 1, 3); left > 0; left -= 1) {
    const key = pick(random, KEYS);
    const value = random.uint32() % 5 === 0 ? undefined : client.freshValue();
    effects.set(key, value);
    operations.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value });
  }
  await attemptWrite(client, effects, [], () => client.store.write(operations));
}

async function putIf(client: Client): Promise<void> {
  const { random } = client.world;
  const key = pick(random, KEYS);
  const value = client.freshValue();
  await attemptWrite(client, new Map([[key, value]]), [{ key, value: undefined }], () =>
    client.store.put(key, value, { ifAbsent: true }),
  );
}

async function transact(client: Client): Promise<void> {
  const { random } = client.world;
  const effects = new Map<string, string | undefined>();
  let reads: Seen[] = [];
  const readKeys = Array.from({ length: between(random, 1, 3) }, () => pick(random, KEYS));
  const scanned = random.uint32() % 3 === 0 ? pick(random, KEYS) : undefined;
  const written = pick(random, KEYS);
  const value = client.freshValue();
  effects.set(written, value);
  const work = async (tx: Transaction): Promise<void> => {
    reads = [];
    for (const key of readKeys) reads.push({ key, value: textOf(await tx.get(key)) });
    if (scanned !== undefined) {
      const rows = new Map<string, string>();
      for await (const row of tx.scan({ gte: scanned }))
        rows.set(textOf(row.key) ?? '', textOf(row.value) ?? '');
      for (const key of KEYS) if (key >= scanned) reads.push({ key, value: rows.get(key) });
    }
    tx.put(written, value);
  };
  await attemptWrite(
    client,
    effects,
    () => reads,
    () => client.store.transact(work, { attempts: 3 }),
  );
}

/** Makes a write and notes what became of it; a crash leaves it unknown. */
async function attemptWrite(
  { history, process, world }: Client,
  effects: ReadonlyMap<string, string | undefined>,
  reads: readonly Seen[] | (() => readonly Seen[]),
  call: () => Promise<{ readonly timestamp: number }>,
): Promise<void> {
  const readsOf = typeof reads === 'function' ? reads : () => reads;
  const attempt: WriteAttempt = {
    kind: 'write',
    process: process.name,
    effects,
    get reads() {
      return readsOf();
    },
    invokedMs: world.clock.monotonic(),
    respondedMs: Number.POSITIVE_INFINITY,
    outcome: 'unknown',
    timestamp: undefined,
  };
  history.push(attempt);
  try {
    const { timestamp } = await process.fence(call());
    attempt.timestamp = timestamp;
    attempt.outcome = 'ok';
  } catch (error) {
    attempt.outcome = outcomeOf(error);
  }
  attempt.respondedMs = world.clock.monotonic();
}

function outcomeOf(error: unknown): Outcome {
  if (!isClorthoError(error)) throw error;
  if (error.code === 'CLORTHO_OUTCOME_UNKNOWN') return 'unknown';
  // Nothing else may follow from faults of the wire.
  if (error.code === 'CLORTHO_UNAVAILABLE' || error.code === 'CLORTHO_CONFLICT') return 'failed';
  throw error;
}

async function readLatest(client: Client): Promise<void> {
  const keys = Array.from({ length: between(client.world.random, 1, 4) }, () =>
    pick(client.world.random, KEYS),
  );
  const atLeast = client.world.random.uint32() % 2 === 0 ? ('latest' as const) : undefined;
  await attemptRead(client, undefined, async (store) => {
    const values = await store.getMany(keys, { atLeast });
    return keys.map((key, index) => ({ key, value: textOf(values[index]) }));
  });
}

async function readPast(client: Client): Promise<void> {
  const { random } = client.world;
  const times = client.history.flatMap((attempt) =>
    attempt.kind === 'write' ? (attempt.timestamp ?? []) : [],
  );
  if (times.length === 0) return;
  const asOf = pick(random, times) + between(random, -1, 1);
  await attemptRead(client, asOf, async (store) => {
    const rows = new Map<string, string>();
    for await (const row of store.scan({ asOf })) rows.set(textOf(row.key) ?? '', textOf(row.value) ?? '');
    return KEYS.map((key) => ({ key, value: rows.get(key) }));
  });
}

async function readSnapshot(client: Client): Promise<void> {
  await attemptRead(client, undefined, async (store) => {
    const snapshot = await store.snapshot();
    try {
      await client.process.clock.sleep(between(client.world.random, 0, 500));
      const rows = new Map<string, string>();
      for await (const row of snapshot.scan()) rows.set(textOf(row.key) ?? '', textOf(row.value) ?? '');
      return KEYS.map((key) => ({ key, value: rows.get(key) }));
    } finally {
      await snapshot.close();
    }
  });
}

async function attemptRead(
  { store, process, history, world, shardOf }: Client,
  asOf: number | undefined,
  read: (store: Store) => Promise<readonly Seen[]>,
): Promise<void> {
  const invokedMs = world.clock.monotonic();
  const after = new Map<number, number>();
  for (const attempt of history) {
    if (attempt.kind !== 'write' || attempt.process !== process.name || attempt.outcome !== 'ok') continue;
    for (const key of attempt.effects.keys()) {
      const shard = shardOf(key);
      after.set(shard, Math.max(after.get(shard) ?? 0, attempt.timestamp ?? 0));
    }
  }
  try {
    const seen = await process.fence(read(store));
    const respondedMs = world.clock.monotonic();
    history.push({
      kind: 'read',
      process: process.name,
      invokedMs,
      respondedMs,
      asOf,
      seen,
      after,
    });
  } catch (error) {
    const isExpected =
      isClorthoError(error, 'CLORTHO_UNAVAILABLE') ||
      isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN') ||
      isClorthoError(error, 'CLORTHO_CONFLICT') ||
      // A time that the skewed clock of another process has named, or a pin that was lost.
      isClorthoError(error, 'CLORTHO_INVALID') ||
      isClorthoError(error, 'CLORTHO_CLOSED');
    if (!isExpected) throw error;
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}
