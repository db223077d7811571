import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Clock,
  ID_LENGTH,
  ID_MIN,
  idAtTime,
  idSource,
  isId,
  seededRandom,
  systemRandom,
} from '../src/index.ts';
import { manualClock } from './manual-clock.ts';

/** A clock whose wall time is the given one, in milliseconds, and may jump. */
function wallClock(time: { ms: number }): Clock {
  return { ...manualClock(), now: () => time.ms * 1000 };
}

/** The last millisecond whose microseconds are a safe integer, in the year 287396. */
const WALL_MS_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** The last id there is. */
const ID_MAX = `7${'Z'.repeat(ID_LENGTH - 1)}`;

test('the ids of one source strictly increase while the clock jumps about', () => {
  const timesMs = fc.array(fc.integer({ min: 0, max: WALL_MS_MAX }), { minLength: 2, maxLength: 50 });
  fc.assert(
    fc.property(timesMs, fc.integer(), (times, seed) => {
      const time = { ms: 0 };
      const ids = idSource(wallClock(time), seededRandom(seed));
      let last = ID_MIN;
      for (time.ms of times) {
        const id = ids.mint();
        expect(isId(id)).toBe(true);
        expect(id > last).toBe(true);
        last = id;
      }
    }),
  );
});

test('an id is above the floor, however far ahead the floor is', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: WALL_MS_MAX }),
      fc.integer({ min: 0, max: WALL_MS_MAX }),
      (nowMs, floorMs) => {
        const ids = idSource(wallClock({ ms: nowMs }), systemRandom);
        const floor = idAtTime(floorMs);
        const id = ids.mint(floor);
        expect(id > floor).toBe(true);
        expect(ids.mint() > id).toBe(true);
      },
    ),
  );
});

test('a fresh id lies in its millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: WALL_MS_MAX }), (nowMs) => {
      const id = idSource(wallClock({ ms: nowMs }), systemRandom).mint();
      expect(id >= idAtTime(nowMs)).toBe(true);
      expect(id < idAtTime(nowMs + 1)).toBe(true);
    }),
  );
});

test('the layout is that of ULID', () => {
  expect(idAtTime(0)).toBe(ID_MIN);
  // The example of the specification of ULID: this time has these ten characters.
  expect(idAtTime(1_469_918_176_385)).toBe(`01ARYZ6S41${'0'.repeat(16)}`);
  expect(idAtTime(2 ** 48 - 1)).toBe(`7ZZZZZZZZZ${'0'.repeat(16)}`);
});

test('sources whose clocks are behind the floor do not mint the same ids', () => {
  const floor = idAtTime(1_700_000_000_500);
  const minted = [1, 2].flatMap((seed) => {
    const ids = idSource(wallClock({ ms: 1_700_000_000_000 }), seededRandom(seed));
    return Array.from({ length: 20 }, () => ids.mint(floor));
  });
  expect(new Set(minted).size).toBe(40);
  for (const id of minted) expect(id > floor).toBe(true);
});

test('within one millisecond a source counts on from its last id, and there is none above the last of all', () => {
  let word = 31;
  const ids = idSource(wallClock({ ms: 2 ** 48 - 1 }), { uint32: () => word });
  expect(ids.mint()).toBe(ID_MAX);
  expect(() => ids.mint()).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
  word = 0;
  const behind = idSource(wallClock({ ms: 0 }), { uint32: () => word });
  expect(behind.mint('0000000000000000000000000Z')).toBe(idAtTime(1));
  expect(behind.mint()).toBe(`${idAtTime(1).slice(0, -1)}1`);
  word = 31;
  expect(behind.mint(idAtTime(5))).toBe(`${idAtTime(5).slice(0, 10)}${'Z'.repeat(16)}`);
  expect(behind.mint()).toBe(idAtTime(6));
  expect(() => behind.mint(ID_MAX)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
  expect(() => behind.mint('Z'.repeat(ID_LENGTH))).toThrow(
    expect.objectContaining({ code: 'CLORTHO_INVALID' }),
  );
});

test('a time before the epoch counts as the epoch', () => {
  expect(
    idSource(wallClock({ ms: -5 }), seededRandom(1))
      .mint()
      .startsWith('0000000000'),
  ).toBe(true);
});

test.each([
  ['the lowest', ID_MIN, true],
  ['the highest', ID_MAX, true],
  ['more than 48 bits of time', `8${'0'.repeat(25)}`, false],
  ['too short', '0'.repeat(25), false],
  ['too long', '0'.repeat(27), false],
  ['a letter outside the alphabet', `${'0'.repeat(25)}U`, false],
  ['lower case', '01aryz6s41tsv4rrffq69g5fav', false],
  ['a line end', `${ID_MIN}\n`, false],
])('whether text is an id: %s', (_, text, answer) => {
  expect(isId(text)).toBe(answer);
});
