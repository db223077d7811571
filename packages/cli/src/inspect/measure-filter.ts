/**
 * How often a filter errs: measured with keys that the file cannot have, and computed from its size.
 *
 *     probe   a bound above the greatest key | 8 random bytes
 *
 * Every probe sorts above the greatest key, so none of them is in the file, and a filter that says "maybe" errs.
 */
import { type Hash64, hashBytes, prefixSuccessor, seededRandom } from '@clortho/base';
import type { FilterFacts, Sst } from '@clortho/sst';

/** A filter and how it does. */
export interface FilterMeasure {
  readonly family: FilterFacts['family'];
  readonly bits: number;
  /** How many absent keys it was asked for. */
  readonly probes: number;
  /** How many of them passed. */
  readonly falsePositives: number;
  /** The share that should pass with so many keys; `undefined` where the number of keys is not known. */
  readonly expectedRate: number | undefined;
  readonly bitsPerKey: number | undefined;
}

const PROBES = 100_000;
/** A probe of this family takes some 15 µs. */
const SLOW_PROBES = 10_000;
const SEED = 1;
/** Of long keys, a probe begins with the successor of a prefix: hashing 64 KiB so often would take minutes. */
const BOUND_BYTES_MAX = 16;
const RANDOM_BYTES = 8;

/** Asks the filter of an open file, which has `keys` distinct keys, for keys that it does not have. */
export function measureFilter(sst: Sst, facts: FilterFacts, keys: number | undefined): FilterMeasure {
  const { family, bits } = facts;
  const random = seededRandom(SEED);
  const bound = boundAbove(sst.summary.maxKey);
  const probe = new Uint8Array(bound.length + RANDOM_BYTES);
  probe.set(bound);
  const view = new DataView(probe.buffer, bound.length);
  const hash: Hash64 = { low: 0, high: 0 };
  const probes = family === 'bloom-filters' ? SLOW_PROBES : PROBES;
  let falsePositives = 0;
  for (let count = 0; count < probes; count += 1) {
    view.setUint32(0, random.uint32());
    view.setUint32(4, random.uint32());
    hashBytes(probe, 0, probe.length, hash);
    if (sst.mayContain(hash.low, hash.high)) falsePositives += 1;
  }
  const expectedRate = keys === undefined ? undefined : facts.falsePositiveRate(keys);
  return {
    family,
    bits,
    probes,
    falsePositives,
    expectedRate,
    bitsPerKey: keys === undefined ? undefined : bits / keys,
  };
}

/** Returns bytes that every longer key that begins with them is above `key` by. */
function boundAbove(key: Uint8Array): Uint8Array {
  if (key.length <= BOUND_BYTES_MAX) return key;
  return prefixSuccessor(key.subarray(0, BOUND_BYTES_MAX)) ?? key;
}
