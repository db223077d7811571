/** What writers and readers do: calls on a few keys, each noted with what its caller was told. */
import { type Clock, isClorthoError, type Random } from '@clortho/base';
import type { Operation, ScanRow, Transaction } from '@clortho/engine';
import type { Attempt, Outcome, ReadAttempt, Seen, WriteAttempt } from './attempt.ts';
import { between, isHeads, pick, pickWeighted } from './draw.ts';
import { isOfTheWire } from './keepers.ts';
import type { Scenario } from './scenario.ts';
import type { Session } from './world.ts';

/** Where clients meet. */
export interface ClientWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly scenario: Pick<Scenario, 'keys' | 'rowMsMax' | 'snapshotMsMax'>;
}

/** What a client needs. */
export interface Client extends Session {
  readonly world: ClientWorld;
  readonly history: Attempt[];
  /** Returns a value that nobody has written before. */
  readonly freshValue: () => string;
}

/** How far back a read of the past looks for a time that nobody has named. */
const PAST_MICROS_MAX = 1_000_000;
/** The same, where the time is about now: what is closed then lies above what processes with slower clocks commit. */
const NEAR_MICROS_MAX = 10_000;

const ACTIONS: Readonly<Record<Scenario['actions'][number][1], (client: Client) => Promise<void>>> = {
  batch: writeBatch,
  putIf,
  transact,
  latest: readLatest,
  scan: scanLatest,
  past: readPast,
  snapshot: readSnapshot,
};

/** Makes one of some calls of a client. */
export async function act(client: Client, actions: Scenario['actions']): Promise<void> {
  await ACTIONS[pickWeighted(client.world.random, actions)](client);
}

async function writeBatch(client: Client): Promise<void> {
  const { random, scenario } = client.world;
  const effects = new Map<string, string | undefined>();
  const operations: Operation[] = [];
  for (let left = between(random, 1, 3); left > 0; left -= 1) {
    const key = pick(random, scenario.keys);
    const value = random.uint32() % 5 === 0 ? undefined : client.freshValue();
    effects.set(key, value);
    operations.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value });
  }
  const attempt = await attemptWrite(client, effects, [], () => client.store.write(operations));
  // A batch depends on nothing: races are run again until they are won.
  if (attempt.error !== undefined && isClorthoError(attempt.error, 'CLORTHO_CONFLICT')) throw attempt.error;
}

async function putIf(client: Client): Promise<void> {
  const { random, scenario } = client.world;
  const key = pick(random, scenario.keys);
  const value = client.freshValue();
  await attemptWrite(client, new Map([[key, value]]), [{ key, value: undefined }], () =>
    client.store.put(key, value, { ifAbsent: true }),
  );
}

async function transact(client: Client): Promise<void> {
  const { random, scenario } = client.world;
  const { keys } = scenario;
  let reads: Seen[] = [];
  const readKeys = Array.from({ length: between(random, 1, 2) }, () => pick(random, keys));
  const scanned = random.uint32() % 4 === 0 ? pick(random, keys) : undefined;
  const written = pick(random, keys);
  const value = client.freshValue();
  const work = async (tx: Transaction): Promise<void> => {
    reads = [];
    for (const key of readKeys) reads.push({ key, value: textOf(await tx.get(key)) });
    if (scanned !== undefined) {
      const inRange = keys.filter((key) => key >= scanned);
      reads.push(...(await seenIn(tx.scan({ gte: scanned }), inRange)));
    }
    tx.put(written, value);
  };
  await attemptWrite(
    client,
    new Map([[written, value]]),
    () => reads,
    () => client.store.transact(work, { attempts: 3 }),
  );
}

/** Makes a write and notes what became of it; a crash leaves it unknown. Returns what it failed with. */
async function attemptWrite(
  { history, process, world }: Client,
  effects: ReadonlyMap<string, string | undefined>,
  reads: readonly Seen[] | (() => readonly Seen[]),
  call: () => Promise<{ readonly timestamp: number }>,
): Promise<{ readonly error: unknown }> {
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
  let failure: unknown;
  try {
    const { timestamp } = await process.fence(call());
    attempt.timestamp = timestamp;
    attempt.outcome = 'ok';
  } catch (error) {
    failure = error;
    attempt.outcome = outcomeOf(error);
  }
  attempt.respondedMs = world.clock.monotonic();
  return { error: failure };
}

function outcomeOf(error: unknown): Outcome {
  if (!isClorthoError(error)) throw error;
  if (error.code === 'CLORTHO_OUTCOME_UNKNOWN') return 'unknown';
  // Nothing else may follow from faults of the wire.
  if (error.code === 'CLORTHO_UNAVAILABLE' || error.code === 'CLORTHO_CONFLICT') return 'failed';
  throw error;
}

async function readLatest(client: Client): Promise<void> {
  const { store, world } = client;
  const { random, scenario } = world;
  const keys = Array.from({ length: between(random, 1, 4) }, () => pick(random, scenario.keys));
  const atLeast = isHeads(random) ? ('latest' as const) : undefined;
  await attemptRead(client, { isStale: atLeast === undefined }, async () => {
    const values = await store.getMany(keys, { atLeast });
    return keys.map((key, index) => ({ key, value: textOf(values[index]) }));
  });
}

/** Scans row by row without haste: what it shows is of one moment all the same. */
async function scanLatest(client: Client): Promise<void> {
  const { process, store, world } = client;
  const { random, scenario } = world;
  const atLeast = isHeads(random) ? ('latest' as const) : undefined;
  const rowMs = between(random, 0, scenario.rowMsMax);
  const wait = (): Promise<void> => process.clock.sleep(rowMs);
  await attemptRead(client, { isStale: atLeast === undefined }, () =>
    seenIn(store.scan({ atLeast }), scenario.keys, wait),
  );
}

/** Reads at the time of a commit, right before or after it, or a little before now, which has to be closed. */
async function readPast(client: Client): Promise<void> {
  const { world, clock, store, history } = client;
  const { random, scenario } = world;
  const times = history.flatMap((attempt) => (attempt.kind === 'write' ? (attempt.timestamp ?? []) : []));
  const asOf =
    times.length === 0 || isHeads(random)
      ? clock.now() - between(random, 0, pick(random, [NEAR_MICROS_MAX, PAST_MICROS_MAX]))
      : pick(random, times) + between(random, -1, 1);
  await attemptRead(client, { asOf }, () => seenIn(store.scan({ asOf }), scenario.keys));
}

/** Takes a snapshot, reads it at once and again after a while: both show the moment at which it was taken. */
async function readSnapshot(client: Client): Promise<void> {
  const { store, process, world } = client;
  const { random, scenario } = world;
  const openMs = between(random, 0, scenario.snapshotMsMax);
  await attemptRead(client, {}, async (taken) => {
    const snapshot = await store.snapshot();
    taken();
    try {
      const first = await seenIn(snapshot.scan(), scenario.keys);
      await process.clock.sleep(openMs);
      if (isHeads(random)) return [...first, ...(await seenIn(snapshot.scan(), scenario.keys))];
      const values = await snapshot.getMany(scenario.keys);
      return [...first, ...scenario.keys.map((key, index) => ({ key, value: textOf(values[index]) }))];
    } finally {
      // What was read stands, whether or not the pin could be let go of.
      await snapshot.close().catch(ignoreWire);
    }
  });
}

function ignoreWire(error: unknown): void {
  if (!isOfTheWire(error)) throw error;
}

/** Makes a read and notes what it saw; `read` may tell the moment by which its view is fixed. */
async function attemptRead(
  { process, history, world }: Client,
  { asOf, isStale = false }: Partial<Pick<ReadAttempt, 'asOf' | 'isStale'>>,
  read: (fixed: () => void) => Promise<readonly Seen[]>,
): Promise<void> {
  const { clock } = world;
  const invokedMs = clock.monotonic();
  let fixedMs: number | undefined;
  const fixed = (): void => {
    fixedMs = clock.monotonic();
  };
  try {
    const seen = await process.fence(read(fixed));
    const respondedMs = fixedMs ?? clock.monotonic();
    history.push({ kind: 'read', process: process.name, invokedMs, respondedMs, asOf, isStale, seen });
  } catch (error) {
    const isExpected =
      isOfTheWire(error) ||
      // A time that the skewed clock of another process has named, or a pin that was lost.
      isClorthoError(error, 'CLORTHO_INVALID') ||
      isClorthoError(error, 'CLORTHO_CLOSED');
    if (!isExpected) throw error;
  }
}

/** Returns what rows tell of all these keys, absent ones included. */
async function seenIn(
  rows: AsyncIterable<ScanRow>,
  keys: readonly string[],
  wait?: () => Promise<void>,
): Promise<Seen[]> {
  const values = new Map<string, string | undefined>();
  for await (const { key, value } of rows) {
    values.set(textOf(key) ?? '', textOf(value));
    await wait?.();
  }
  return keys.map((key) => ({ key, value: values.get(key) }));
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}
