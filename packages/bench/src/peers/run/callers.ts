/**
 * Callers: each makes its next call once the last one has answered, until the time is over.
 *
 * Answers from memory never let the event loop turn, so callers pause for a turn when it has not turned for a while: a
 * server would do the same. Stores whose calls leave the loop never wait here.
 */

const TURN_MS = 2;
const LOOK_EVERY = 32;

/** Runs `callers` of them for `seconds`; `call` gets the number of the call. Returns how many calls were made. */
export async function callFor(
  callers: number,
  seconds: number,
  call: (number: number) => unknown,
): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let calls = 0;
  let turnedAt = performance.now();
  let pause: Promise<void> | undefined;
  let isOver = false;
  const ticking = setInterval(() => {
    turnedAt = performance.now();
  }, 1);
  const look = (): void => {
    const now = performance.now();
    isOver = now >= end;
    if (now - turnedAt < TURN_MS) return;
    pause ??= pauseForTurn();
  };
  const pauseForTurn = async (): Promise<void> => {
    await turn();
    turnedAt = performance.now();
    pause = undefined;
  };
  const caller = async (): Promise<void> => {
    while (!isOver) {
      const number = calls++;
      await call(number);
      if (number % LOOK_EVERY === 0) look();
      if (pause !== undefined) await pause;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  clearInterval(ticking);
  return calls;
}

/** Calls in a loop without awaiting, as callers of a synchronous interface do. Returns how many calls were made. */
export async function loopFor(seconds: number, call: (number: number) => void): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let calls = 0;
  let now = performance.now();
  while (now < end) {
    const turnAt = now + TURN_MS;
    while (now < turnAt) {
      for (let step = 0; step < LOOK_EVERY; step += 1) call(calls++);
      now = performance.now();
    }
    await turn();
  }
  return calls;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
