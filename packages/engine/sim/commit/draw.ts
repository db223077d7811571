/** Choosing: everything that a run decides comes from one seeded source. */
import { type Random, randomBelow, randomFraction } from '@clortho/base';

/** Returns one of a list that is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[randomBelow(random, list.length)] as T;
}

/** Returns one of some things, each as likely as its weight says. */
export function pickWeighted<T>(
  random: Random,
  choices: readonly (readonly [weight: number, choice: T])[],
): T {
  let rest = randomFraction(random) * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    rest -= weight;
    if (rest < 0) return choice;
  }
  return (choices.at(-1) as readonly [number, T])[1];
}

/** Returns an integer from `least` to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + randomBelow(random, most - least + 1);
}

/** Tosses a coin. */
export function isHeads(random: Random): boolean {
  return random.uint32() % 2 === 1;
}
