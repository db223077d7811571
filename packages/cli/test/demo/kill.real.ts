import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBelow, seededRandom, systemRandom } from '@clortho/base';
import { expect, test } from 'vitest';
// The built modules: a store's operator is loaded by the URL of a module that plain node can run.
import { decodeAirportState } from '../../dist/demo/airport-state.js';
import {
  AIRPORTS,
  FLIGHTS,
  openFlightStore,
  PROGRESS_KEY,
  readProgress,
} from '../../dist/demo/flight-store.js';
import { type CliResult, clortho, jsonOf, withDirectory } from '../cli.ts';

const KILLS = 20;
/** Every run has more to load than the one before, so kills fall into all phases. */
const ROWS_PER_KILL = 3000;
/** From the start of the process to the start of the work, about. */
const START_MS = 300;

interface DemoJson {
  readonly ms: number;
  readonly rows: number;
  readonly answers: {
    readonly busiest: readonly { ranking: unknown }[];
    readonly late: { flights: unknown };
  };
  readonly checks: readonly { ok: boolean }[];
}

/** The answers that do not depend on how much of the history was truncated by earlier runs. */
function answersOf(result: CliResult): unknown {
  expect(result.code).toBe(0);
  const { rows, answers, checks } = jsonOf(result) as DemoJson;
  expect(checks.every(({ ok }) => ok)).toBe(true);
  return { rows, now: answers.busiest[0]?.ranking, late: answers.late.flights };
}

/** Returns the rows consumed by the last batch that was acknowledged. */
async function lastAcknowledged(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // A line that the kill cut off was not acknowledged as a whole.
  return Math.max(0, ...text.split('\n').slice(0, -1).map(Number));
}

/** Opens the store as the next run would, and checks that it holds whole batches: of each all rows, or none. */
async function rowsIn(directory: string): Promise<number> {
  const store = await openFlightStore(`file:${directory}`, { compaction: 'manual' });
  try {
    const { rows } = await readProgress(store);
    let flights = 0;
    const numbers = new Set<number>();
    for await (const { key } of store.scan({ family: FLIGHTS })) {
      flights += 1;
      numbers.add(new DataView(key.buffer, key.byteOffset, key.length).getUint32(7));
    }
    let departures = 0;
    for await (const { value } of store.scan({ family: AIRPORTS, lt: PROGRESS_KEY }))
      departures += decodeAirportState(value).departures;
    expect({ flights, distinct: numbers.size, departures }).toEqual({
      flights: rows,
      distinct: rows,
      departures: rows,
    });
    return rows;
  } finally {
    await store.close();
  }
}

test(
  `killed ${KILLS} times at random moments, it keeps what was acknowledged and ends with the same answers`,
  () =>
    withDirectory(async (directory) => {
      const seed = systemRandom.uint32();
      console.log(`seed ${seed}`);
      const random = seededRandom(seed);
      const acknowledged = join(directory, 'acknowledged');
      const demo = (rows: number, place: string): string[] => [
        'demo',
        '--json',
        '--rows',
        String(rows),
        '--dir',
        join(directory, place),
      ];
      const small = await clortho(demo(ROWS_PER_KILL, 'small'));
      const span = START_MS + (jsonOf(small) as DemoJson).ms;
      let before = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const rowsWanted = ROWS_PER_KILL * (kill + 1);
        const killAfterMs = randomBelow(random, span);
        await clortho([...demo(rowsWanted, 'killed'), '--acknowledge', acknowledged], { killAfterMs });
        const promised = await lastAcknowledged(acknowledged);
        const rows = await rowsIn(join(directory, 'killed'));
        expect(rows, `seed ${seed}, kill ${kill}`).toBeGreaterThanOrEqual(Math.max(promised, before));
        before = rows;
      }
      const rowsWanted = ROWS_PER_KILL * KILLS;
      const [resumed, whole] = await Promise.all([
        clortho(demo(rowsWanted, 'killed')),
        clortho(demo(rowsWanted, 'whole')),
      ]);
      expect(answersOf(resumed)).toEqual(answersOf(whole));
    }),
  240_000,
);
