import { describe, expect, it } from 'vitest';
import { Rounds } from '../src/index.ts';

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

describe('rounds', () => {
  it('forget nothing, in whatever turn it is added', async () => {
    for (let length = 0; length < 4; length += 1) {
      for (let offset = 0; offset < 20; offset += 1) {
        const waiting: number[] = [];
        const done: number[] = [];
        const rounds = new Rounds(
          () => waiting.length > 0,
          async () => {
            done.push(...waiting.splice(0, 1));
            await turns(length);
          },
        );
        waiting.push(1);
        rounds.wake();
        await turns(offset);
        waiting.push(2);
        rounds.wake();
        await rounds.rest();
        expect(done, `${length} turns a round, added after ${offset}`).toEqual([1, 2]);
      }
    }
  });

  it('go one after the other, and take what is added in one turn together', async () => {
    let running = 0;
    const sizes: number[] = [];
    const waiting: number[] = [];
    const rounds = new Rounds(
      () => waiting.length > 0,
      async () => {
        running += 1;
        expect(running).toBe(1);
        sizes.push(waiting.splice(0).length);
        await turns(3);
        running -= 1;
      },
    );
    for (let number = 0; number < 5; number += 1) {
      waiting.push(number);
      rounds.wake();
    }
    await rounds.rest();
    expect(sizes).toEqual([5]);
  });

  it('rest when there is nothing to do', async () => {
    let asked = 0;
    const rounds = new Rounds(
      () => {
        asked += 1;
        return false;
      },
      async () => expect.unreachable(),
    );
    await rounds.rest();
    expect(asked).toBe(0);
    rounds.wake();
    await rounds.rest();
    expect(asked).toBe(1);
  });
});
