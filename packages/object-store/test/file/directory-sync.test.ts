import { expect, test } from 'vitest';
import { directorySync } from '../../src/file/directory-sync.ts';

/** A flush that ends when told. */
function heldFlush(): {
  flushes: { directory: string; end: (error?: Error) => void }[];
  flush: (d: string) => Promise<void>;
} {
  const flushes: { directory: string; end: (error?: Error) => void }[] = [];
  const flush = (directory: string): Promise<void> =>
    new Promise((resolve, reject) => {
      flushes.push({ directory, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { flushes, flush };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('callers that come during a flush share the next one', async () => {
  const { flushes, flush } = heldFlush();
  const sync = directorySync(flush);
  const done: string[] = [];
  const call = (name: string): Promise<number> => sync('d').then(() => done.push(name));
  const first = call('a');
  await turn();
  const later = [call('b'), call('c')];
  await turn();
  expect(flushes.length).toBe(1);
  flushes[0]?.end();
  await first;
  await turn();
  expect(done).toEqual(['a']);
  expect(flushes.length).toBe(2);
  flushes[1]?.end();
  await Promise.all(later);
  await turn();
  expect(flushes.length).toBe(2);
});

test('directories do not wait for each other', async () => {
  const { flushes, flush } = heldFlush();
  const sync = directorySync(flush);
  const calls = [sync('x'), sync('y')];
  await turn();
  expect(flushes.map(({ directory }) => directory)).toEqual(['x', 'y']);
  for (const { end } of flushes) end();
  await Promise.all(calls);
});

test('a failure reaches its own callers only', async () => {
  const { flushes, flush } = heldFlush();
  const sync = directorySync(flush);
  const first = sync('d');
  await turn();
  const second = sync('d');
  flushes[0]?.end(new Error('disk on fire'));
  await expect(first).rejects.toThrow('disk on fire');
  await turn();
  flushes[1]?.end();
  await second;
});
