import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ClorthoError,
  isClorthoError,
  type Random,
  type RetryPolicy,
  type RetryVerdict,
  retry,
  seededRandom,
} from '../src/index.ts';
import { manualClock } from './manual-clock.ts';

const POLICY: RetryPolicy = { attemptsMax: 10, delayMs: 10, delayMsMax: 1_000, elapsedMsMax: 100_000 };
/** Draws the longest waits, so that their lengths are exact up to a 2^32nd. */
const longest: Random = { uint32: () => 0xffff_ffff };
const isBusy = (error: unknown): RetryVerdict => {
  if (error === PATIENCE) return 'throttled';
  return isClorthoError(error, 'CLORTHO_UNAVAILABLE');
};
const PATIENCE = new ClorthoError('CLORTHO_UNAVAILABLE', 'throttled');
const busy = (attempt: number): ClorthoError =>
  new ClorthoError('CLORTHO_UNAVAILABLE', `the backend is busy: attempt=${attempt}`);

/** Runs `retry` on a clock that passes each sleep at once; returns how it ended and how long it slept. */
async function run(
  policy: RetryPolicy,
  random: Random,
  attempt: (number: number) => Promise<string>,
): Promise<{ readonly outcome: unknown; readonly sleeps: readonly number[] }> {
  const clock = manualClock();
  let outcome: unknown;
  let isDone = false;
  const finish = (result: unknown): void => {
    outcome = result;
    isDone = true;
  };
  const ending = retry(policy, { clock, random }, isBusy, attempt).then(finish, finish);
  while (!isDone) await clock.advance(clock.sleeps.at(-1) ?? 0);
  await ending;
  return { outcome, sleeps: clock.sleeps };
}

test('a call that succeeds is made once', async () => {
  const numbers: number[] = [];
  const { outcome, sleeps } = await run(POLICY, longest, async (number) => {
    numbers.push(number);
    return 'answer';
  });
  expect({ outcome, sleeps, numbers }).toEqual({ outcome: 'answer', sleeps: [], numbers: [1] });
});

test('waits double up to the longest one', async () => {
  const { outcome, sleeps } = await run(POLICY, longest, async (number) => {
    if (number < 10) throw busy(number);
    return 'answer';
  });
  expect(outcome).toBe('answer');
  expect(sleeps.map(Math.round)).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
});

test('waits are drawn from zero to the ceiling', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const { sleeps } = await run(POLICY, seededRandom(seed), async (number) => {
        throw busy(number);
      });
      expect(sleeps).toHaveLength(9);
      sleeps.forEach((ms, index) => {
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(Math.min(10 * 2 ** index, 1_000));
      });
    }),
    { numRuns: 20 },
  );
});

test('the last error comes through as it was thrown when the attempts are used up', async () => {
  const errors: ClorthoError[] = [];
  const { outcome } = await run({ ...POLICY, attemptsMax: 3 }, longest, async (number) => {
    const error = busy(number);
    errors.push(error);
    throw error;
  });
  expect(errors).toHaveLength(3);
  expect(outcome).toBe(errors[2]);
});

test('an error that was not named is not retried', async () => {
  const failure = new ClorthoError('CLORTHO_CORRUPT', 'block checksum mismatch: offset=7');
  const { outcome, sleeps } = await run(POLICY, longest, () => Promise.reject(failure));
  expect(outcome).toBe(failure);
  expect(sleeps).toEqual([]);
});

test('no wait is begun that would end after the time allowed', async () => {
  const { outcome, sleeps } = await run({ ...POLICY, elapsedMsMax: 100 }, longest, async (number) => {
    throw busy(number);
  });
  // 10 + 20 + 40 = 70; the next wait of 80 would end at 150.
  expect(sleeps.map(Math.round)).toEqual([10, 20, 40]);
  expect(outcome).toMatchObject({ message: 'the backend is busy: attempt=4' });
});

test('an abort ends the wait, and no attempt follows', async () => {
  const clock = manualClock();
  const controller = new AbortController();
  let attempts = 0;
  const call = retry(
    POLICY,
    { clock, random: longest, signal: controller.signal },
    isBusy,
    async (number) => {
      attempts += 1;
      throw busy(number);
    },
  );
  await clock.advance(0);
  expect(clock.sleeps).toHaveLength(1);
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
  expect(attempts).toBe(1);
});

test('throttling takes nothing from the budget of failures', async () => {
  const policy = { ...POLICY, attemptsMax: 3, elapsedMsMax: 40, throttledMsMax: 10_000 };
  let attempts = 0;
  const { outcome, sleeps } = await run(policy, longest, async (number) => {
    attempts = number;
    if (number === 1 || number === 12) throw busy(number);
    if (number < 15) throw PATIENCE;
    return 'answer';
  });
  expect(outcome).toBe('answer');
  expect(attempts).toBe(15);
  // A failure, ten throttled calls with waits of their own, another failure, and throttling from the start again.
  const throttled = [10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000];
  expect(sleeps.map(Math.round)).toEqual([10, ...throttled, 20, 10, 20]);
});

test('throttling for longer than allowed is thrown as it came', async () => {
  const { outcome, sleeps } = await run({ ...POLICY, throttledMsMax: 4000 }, longest, () =>
    Promise.reject(PATIENCE),
  );
  expect(outcome).toBe(PATIENCE);
  // 10 + 20 + … + 640 = 1270; three more waits of 1000 would end at 4270.
  expect(sleeps.map(Math.round)).toEqual([10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
});

test('throttling is a failure like any other unless the policy has patience', async () => {
  const { outcome, sleeps } = await run({ ...POLICY, attemptsMax: 4 }, longest, () =>
    Promise.reject(PATIENCE),
  );
  expect(outcome).toBe(PATIENCE);
  expect(sleeps).toHaveLength(3);
});

test('an abort ends the wait of a throttled call', async () => {
  const clock = manualClock();
  const controller = new AbortController();
  const context = { clock, random: longest, signal: controller.signal };
  const call = retry({ ...POLICY, throttledMsMax: 1e9 }, context, isBusy, () => Promise.reject(PATIENCE));
  await clock.advance(0);
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
  expect(clock.sleeps).toHaveLength(1);
});
