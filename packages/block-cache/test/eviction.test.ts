import { type Random, randomBelow, randomFraction, seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { blockCache } from '../src/index.ts';

const blocksMax = 500;

describe('eviction', () => {
  it('keeps a twice-read block while once-read blocks stream through', () => {
    const cache = blockCache<number>({ bytesMax: 20, weigh: () => 1 });
    cache.set(-1, 0);
    cache.get(-1);
    cache.get(-1);
    for (let key = 0; key < 1000; key += 1) cache.set(key, key);
    expect(cache.get(-1)).toBe(0);
    expect(cache.stats()).toMatchObject({ entries: 20, evictions: 981 });
  });

  it('brings a block that comes back soon straight to the main queue', () => {
    const cache = blockCache<number>({ bytesMax: 20, weigh: () => 1 });
    for (let key = 0; key < 21; key += 1) cache.set(key, key);
    expect(cache.get(0)).toBeUndefined();
    cache.set(0, 0);
    for (let key = 100; key < 200; key += 1) cache.set(key, key);
    expect(cache.get(0)).toBe(0);
  });

  it('forgets evicted keys when it may remember none', () => {
    const cache = blockCache<number>({ bytesMax: 20, weigh: () => 1, ghostEntriesMax: 0 });
    for (let key = 0; key < 21; key += 1) cache.set(key, key);
    cache.set(0, 0);
    for (let key = 100; key < 200; key += 1) cache.set(key, key);
    expect(cache.get(0)).toBeUndefined();
  });

  it('lets unused blocks of the main queue go in the end', () => {
    const cache = blockCache<number>({ bytesMax: 20, weigh: () => 1 });
    const readTwice = (key: number): void => {
      cache.set(key, key);
      cache.get(key);
      cache.get(key);
    };
    for (let key = 0; key < 20; key += 1) readTwice(key);
    for (let key = 100; key < 200; key += 1) readTwice(key);
    for (let key = 0; key < 20; key += 1) expect(cache.get(key)).toBeUndefined();
  });

  it('serves more of a zipf workload with scans than least-recently-used does', () => {
    const cache = blockCache<number>({ bytesMax: blocksMax, weigh: () => 1 });
    const ours = hitShare(20_260, (key) => {
      if (cache.get(key) !== undefined) return true;
      cache.set(key, key);
      return false;
    });
    const theirs = hitShare(20_260, lruTouch(blocksMax));
    expect(ours).toBeGreaterThan(theirs + 0.05);
  });
});

/** Point reads, zipf over 5,000 blocks (theta 0.99), broken by scans of 2,000 fresh blocks; the share of point hits. */
function hitShare(seed: number, touch: (key: number) => boolean): number {
  const random = seededRandom(seed);
  const zipf = zipfSampler(random, 5_000, 0.99);
  let hits = 0;
  let reads = 0;
  let scanKey = 1_000_000;
  for (let round = 0; round < 40; round += 1) {
    for (let read = 0; read < 2_000; read += 1) {
      reads += 1;
      if (touch(zipf())) hits += 1;
    }
    const scanned = 1_500 + randomBelow(random, 1_000);
    for (let block = 0; block < scanned; block += 1) touch((scanKey += 1));
  }
  return hits / reads;
}

function zipfSampler(random: Random, items: number, theta: number): () => number {
  const cumulative = new Float64Array(items);
  let total = 0;
  for (let rank = 0; rank < items; rank += 1) {
    total += 1 / (rank + 1) ** theta;
    cumulative[rank] = total;
  }
  return () => {
    const target = randomFraction(random) * total;
    let low = 0;
    let high = items - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function lruTouch(entriesMax: number): (key: number) => boolean {
  const order = new Map<number, true>();
  return (key) => {
    const hit = order.delete(key);
    order.set(key, true);
    if (order.size > entriesMax) for (const oldest of order.keys()) return order.delete(oldest) && hit;
    return hit;
  };
}
