/** The public names of `@clortho/base`. */
export { abortedError, sendOptions, shared, throwIfAborted } from './abort.ts';
export { type Budget, budget } from './budget.ts';
export {
  compareBytes,
  compareSlices,
  concatBytes,
  copyBytes,
  decodeUtf8,
  EMPTY_BYTES,
  encodeUtf8,
  equalBytes,
  keySuccessor,
  prefixSuccessor,
  sharedPrefixLength,
  startsWith,
  writeBytes,
} from './bytes.ts';
export { checksum } from './checksum.ts';
export { type Clock, systemClock } from './clock.ts';
export type { Cursor } from './cursor.ts';
export { ClorthoError, type ErrorCode, isClorthoError } from './errors.ts';
export { type Hash64, hash32, hashBytes } from './hash.ts';
export { ID_LENGTH, ID_MIN, type IdSource, idAtTime, idSource, isId } from './ids.ts';
export { InvariantError, invariant } from './invariant.ts';
export {
  intersectIntervals,
  intervalOf,
  isEmptyInterval,
  type KeyBounds,
  type KeyInterval,
} from './key-interval.ts';
export { LatencyHistogram, type LatencySummary } from './latency-histogram.ts';
export { type Limiter, limiter } from './limiter.ts';
export { pooledCopy } from './pooled-copy.ts';
export { type Random, randomBelow, randomFraction, seededRandom, systemRandom } from './random.ts';
export { type Renewable, type RenewableOptions, renewable } from './renewable.ts';
export { type RetryContext, type RetryPolicy, type RetryVerdict, retry } from './retry.ts';
export { Rounds } from './rounds.ts';
export { decodeVarint, encodeVarint, VARINT_BYTES_MAX, varintBytes } from './varint.ts';
export { zipf } from './zipf.ts';
