import { expect, test } from 'vitest';
import { type Renewable, renewable } from '../src/index.ts';

const spent = new Error('spent');

/** Returns a renewable number, counting from 1, and what was opened and closed. */
function numbered(): { thing: Renewable<number>; events: string[] } {
  const events: string[] = [];
  let count = 0;
  const thing = renewable({
    open: async () => {
      count += 1;
      events.push(`open ${count}`);
      return count;
    },
    close: (number) => events.push(`close ${number}`),
    isSpent: (error) => error === spent,
  });
  return { thing, events };
}

test('a thing is made with its first use and serves all others', async () => {
  const { thing, events } = numbered();
  expect(events).toEqual([]);
  expect(
    await Promise.all([thing.use(async (number) => number), thing.use(async (number) => number * 10)]),
  ).toEqual([1, 10]);
  await expect(thing.use(() => Promise.reject(new Error('other')))).rejects.toThrow('other');
  expect(await thing.use(async (number) => number)).toBe(1);
  expect(events).toEqual(['open 1']);
  await thing.close();
  expect(events).toEqual(['open 1', 'close 1']);
});

test('a spent thing is closed when its last use ends, and the next use has another', async () => {
  const { thing, events } = numbered();
  let finish = (): void => undefined;
  const long = thing.use(
    (number) =>
      new Promise<number>((resolve) => {
        finish = () => resolve(number);
      }),
  );
  await Promise.resolve();
  await expect(thing.use(() => Promise.reject(spent))).rejects.toBe(spent);
  expect(await thing.use(async (number) => number)).toBe(2);
  expect(events).toEqual(['open 1', 'open 2']);
  finish();
  expect(await long).toBe(1);
  expect(events).toEqual(['open 1', 'open 2', 'close 1']);
  await thing.close();
});

test('uses that find the same thing spent have it made anew once', async () => {
  const { thing, events } = numbered();
  const uses = [1, 2, 3].map(() => thing.use(() => Promise.reject(spent)));
  expect((await Promise.allSettled(uses)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  expect(await thing.use(async (number) => number)).toBe(2);
  expect(events).toEqual(['open 1', 'close 1', 'open 2']);
  await thing.close();
});

test('closing does not wait for uses, closes once, and nothing that was never made', async () => {
  const never = numbered();
  await never.thing.close();
  expect(never.events).toEqual([]);
  const { thing, events } = numbered();
  let finish = (): void => undefined;
  const use = thing.use(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  await Promise.resolve();
  await thing.close();
  expect(events).toEqual(['open 1', 'close 1']);
  finish();
  await use;
  await expect(thing.use(async () => 'late')).rejects.toMatchObject({ code: 'CLORTHO_CLOSED' });
  expect(events).toEqual(['open 1', 'close 1']);
});

test('what cannot be made is reported to those who need it', async () => {
  const thing = renewable({
    open: () => Promise.reject(spent),
    close: () => undefined,
    isSpent: (error) => error === spent,
  });
  await expect(thing.use(async () => 'never')).rejects.toBe(spent);
  await thing.close();
});
