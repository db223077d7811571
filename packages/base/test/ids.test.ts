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

test('the successor carries over, and there is none above the last id', () => {
  const ids = idSource(wallClock({ ms: 0 }), { uint32: () => 0 });
  expect(ids.mint('0000000000000000000000000Z')).toBe('00000000000000000000000010');
  expect(ids.mint(`1${'Z'.repeat(25)}`)).toBe(`2${'0'.repeat(25)}`);
  expect(() => ids.mint('Z'.repeat(ID_LENGTH))).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
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
