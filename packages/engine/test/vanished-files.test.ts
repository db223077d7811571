/** Scans under way while others replace and delete the files that they read: they go on in a newer view, at their time. */
import { systemClock } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type ScanOptions, type ScanRow, type Store } from '../src/index.ts';
import { rowsOf, text } from './support/answers.ts';
import { type Backends, newBackends } from './support/backends.ts';

const KEYS = 400;
const TTL_MS = 60_000;
const EPOCH_MICROS = 1_700_000_000_000_000;

const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`;

const options: OpenOptions = {
  compaction: 'manual',
  refreshMs: 1e9,
  cacheBytes: 0,
  tuning: { threads: 0, blockBytes: 256, fileBytes: 2000 },
  families: { default: {}, brief: { ttlMs: TTL_MS } },
};

interface World {
  readonly writer: Store;
  readonly reader: Store;
  /** Replaces every row, splits the shard, compacts, and deletes all that was there before. */
  upheave(): Promise<void>;
  close(): Promise<void>;
}

async function newWorld(): Promise<World> {
  const clock = virtualClock({ epochMicros: EPOCH_MICROS });
  const backends: Backends = newBackends();
  const writer = await open('memory:', { ...options, ...backends, clock });
  const fill = async (
    value: string,
    family: string,
    isWanted: (number: number) => boolean,
  ): Promise<void> => {
    const numbers = Array.from({ length: KEYS }, (_, number) => number).filter(isWanted);
    await writer.write(numbers.map((number) => ({ type: 'put', key: keyOf(number), value, family })));
  };
  const fillAll = async (value: string): Promise<void> => {
    await fill(value, 'default', () => true);
    // Every other row has expired when a scan begins, and none when the last row was written.
    await fill(value, 'brief', (number) => number % 2 === 0);
    await clock.advance(TTL_MS / 2);
    await fill(value, 'brief', (number) => number % 2 === 1);
    await clock.advance(TTL_MS / 2 + 1);
  };
  await fillAll('old'.repeat(20));
  await writer.compact();
  const reader = await open('memory:', { ...options, ...backends, clock });
  return {
    writer,
    reader,
    async upheave() {
      await fillAll('new'.repeat(20));
      await writer.splitShard(0, keyOf(150));
      await writer.compact();
      for (let pass = 0; pass < 4; pass += 1) {
        await clock.advance(1000);
        await writer.gc();
      }
    },
    close: async () => {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}

/** Reads `early` rows, has the files replaced, and reads on; by rows or by chunks. */
async function scanThrough({ reader, upheave }: World, early: number, scan: ScanOptions, inChunks: boolean) {
  const rows: ScanRow[] = [];
  let isQuiet = true;
  const look = async (): Promise<void> => {
    if (!isQuiet || rows.length < early) return;
    isQuiet = false;
    await upheave();
  };
  if (inChunks)
    for await (const chunk of reader.scan(scan).chunks()) {
      for (let row = 0; row < chunk.length; row += 1) rows.push(chunk.row(row));
      await look();
    }
  else
    for await (const row of reader.scan(scan)) {
      rows.push(row);
      await look();
    }
  return rows.map(({ key, value, timestamp }) => `${text(key)}=${text(value)}@${timestamp}`);
}

describe('a scan whose files vanish', () => {
  const everything: NonNullable<ScanOptions['prune']> = { mayMatch: () => true, where: () => true };
  const scans: Record<string, ScanOptions> = {
    forwards: {},
    backwards: { reverse: true },
    'within a range': { gte: keyOf(20), lt: keyOf(390) },
    'with a limit': { limit: 350 },
    'that is pruned': { prune: everything },
    'of rows that expire': { family: 'brief' },
    'of rows that expire, backwards': { family: 'brief', reverse: true },
  };

  it.each(Object.entries(scans))('%s', async (_, scan) => {
    for (const inChunks of [false, true])
      for (const early of [1, 60, 170]) {
        const world = await newWorld();
        const expected: string[] = [];
        for await (const { key, value, timestamp } of world.writer.scan(scan))
          expected.push(`${text(key)}=${text(value)}@${timestamp}`);
        expect(expected.length).toBeGreaterThan(early);
        expect(await scanThrough(world, early, scan, inChunks)).toEqual(expected);
        await world.close();
      }
  });

  it('has to look again: what it began with is gone', async () => {
    const world = await newWorld();
    const { reader } = world;
    const scan = reader.scan();
    await scan.next();
    await world.upheave();
    const read = (await reader.stats()).registers.reads;
    for await (const _ of scan);
    expect((await reader.stats()).registers.reads).toBeGreaterThan(read);
    await world.close();
  });
});

it('a scan that memory answers lets the event loop turn', async () => {
  let now = 0;
  // Each look at the clock finds that five milliseconds have passed.
  const clock = { ...systemClock, monotonic: () => (now += 5) };
  const store = await open('memory:', { ...options, ...newBackends(), cacheBytes: 2 ** 24, clock });
  await store.write(
    Array.from({ length: 20_000 }, (_, number) => ({ type: 'put', key: keyOf(number), value: 'v' })),
  );
  await rowsOf(store.scan());
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  for await (const _ of store.scan().chunks());
  isOver = true;
  expect(turns).toBeGreaterThan(5);
  await store.close();
});
