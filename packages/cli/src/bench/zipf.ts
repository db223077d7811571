/**
 * Skewed choices: rank r of n is drawn with a probability in proportion to 1 / r^0.99, as in YCSB.
 *
 * After Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (1994). Ranks are spread over the keys, so that
 * keys which are often asked for are no neighbours.
 */
import { type Random, randomFraction } from '@clortho/base';

const THETA = 0.99;
const GOLDEN = 0.618;

/** Returns a function that draws integers in `[0, count)`. */
export function zipf(count: number, random: Random): () => number {
  let zeta = 0;
  for (let rank = 1; rank <= count; rank += 1) zeta += rank ** -THETA;
  const zetaOfTwo = 1 + 0.5 ** THETA;
  const alpha = 1 / (1 - THETA);
  const eta = (1 - (2 / count) ** (1 - THETA)) / (1 - zetaOfTwo / zeta);
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
  let stride = Math.max(1, Math.floor(count * GOLDEN));
  while (divisor(stride, count) !== 1) stride += 1;
  return stride;
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}
