/**
 * Skewed choices: rank r of n is drawn with a probability in proportion to 1 / r^theta.
 *
 * After Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (1994), as in YCSB. Ranks are spread over the
 * keys, so that keys which are often drawn are no neighbours.
 */
import { type Random, randomFraction } from './random.ts';

const THETA = 0.99; // As in YCSB.

/** Returns a function that draws integers in `[0, count)`. */
export function zipf(count: number, random: Random, theta: number = THETA): () => number {
  let zeta = 0;
  for (let rank = 1; rank <= count; rank += 1) zeta += rank ** -theta;
  const zetaOfTwo = 1 + 0.5 ** theta;
  const alpha = 1 / (1 - theta);
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zetaOfTwo / zeta);
  const stride = strideOf(count);
  return () => {
    const uniform = randomFraction(random);
    const scaled = uniform * zeta;
    const rank =
      scaled < 1 ? 0 : scaled < zetaOfTwo ? 1 : Math.floor(count * (eta * uniform - eta + 1) ** alpha);
    return (Math.min(rank, count - 1) * stride) % count;
  };
}

/** Returns a number near the golden section of `count` that has no divisor in common with it. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (divisor(stride, count) !== 1) stride += 1;
  return stride;
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}
