/** What a set keeps: pages that are read again, whatever is scanned meanwhile. */
import { randomBelow, randomFraction, seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  countUse,
  freeWay,
  type PageSet,
  pageSet,
  refreshTags,
  settleWay,
  takeBackWay,
  takeWay,
} from '../../src/disk/page-set.ts';

const WAYS = 128;

/** Reads a page, taking it in if that is allowed; tells whether it was there, and counts what was written. */
function read(set: PageSet, tag: number, onlyKnown: boolean, counts: { written: number }): boolean {
  const way = set.tags.indexOf(tag);
  if (way >= 0) {
    countUse(set, way);
    return true;
  }
  const taken = takeWay(set, tag, onlyKnown);
  if (taken !== undefined) {
    settleWay(set, taken.way, tag);
    counts.written += 1;
  }
  return false;
}

/** Least recently used, to compare with. */
function lru(): (tag: number) => boolean {
  const kept = new Map<number, true>();
  return (tag) => {
    const isHit = kept.delete(tag);
    kept.set(tag, true);
    if (kept.size > WAYS) kept.delete(kept.keys().next().value as number);
    return isHit;
  };
}

/** Ranks drawn with weight 1 / rank, as skewed as what caches are measured with, and scans of new pages in between. */
function* trace(scanEvery: number): Generator<{ readonly tag: number; readonly isScan: boolean }> {
  const random = seededRandom(11);
  const pages = 2000;
  let scanned = 100_000;
  for (let step = 0; step < 60_000; step += 1) {
    yield { tag: 1 + Math.floor(pages ** randomFraction(random)), isScan: false };
    if (scanEvery > 0 && step % scanEvery === 0) {
      for (let page = 0; page < 200; page += 1) yield { tag: (scanned += 1), isScan: true };
    }
  }
}

function hitRatios(scanEvery: number) {
  const ratio = { known: 0, always: 0, lru: 0 };
  const written = { known: { written: 0 }, always: { written: 0 } };
  const known = pageSet(WAYS);
  const always = pageSet(WAYS);
  const recent = lru();
  let reads = 0;
  for (const { tag, isScan } of trace(scanEvery)) {
    const hits = [
      read(known, tag, true, written.known),
      read(always, tag, false, written.always),
      recent(tag),
    ].map(Number) as [number, number, number];
    if (isScan) continue;
    reads += 1;
    ratio.known += hits[0];
    ratio.always += hits[1];
    ratio.lru += hits[2];
  }
  const share = (hits: number): number => hits / reads;
  return {
    known: share(ratio.known),
    always: share(ratio.always),
    lru: share(ratio.lru),
    writes: written.known.written / written.always.written,
  };
}

describe('on a skewed trace', () => {
  it('hits more than least recently used, and writes a third', () => {
    const { known, always, lru, writes } = hitRatios(0);
    expect(always).toBeGreaterThan(lru);
    expect(known).toBeGreaterThan(always);
    expect(writes).toBeLessThan(0.5);
  });

  it('with scans in between keeps what is read again, and writes a tenth', () => {
    const { known, always, lru, writes } = hitRatios(500);
    expect(known).toBeGreaterThan(hitRatios(0).known - 0.02);
    expect(known).toBeGreaterThan(always + 0.1);
    expect(known).toBeGreaterThan(lru + 0.1);
    expect(writes).toBeLessThan(0.1);
  });
});

describe('ways', () => {
  it('that are being written have no tag, and nobody else takes them', () => {
    const set = pageSet(3);
    const taken = [1, 2, 3].map((tag) => takeWay(set, tag, false)?.way);
    expect(new Set(taken)).toEqual(new Set([0, 1, 2]));
    expect(takeWay(set, 4, false)).toBeUndefined();
    refreshTags(set, Uint32Array.of(7, 8, 9), 0);
    expect([...set.tags]).toEqual([0, 0, 0]);
    for (const [index, way] of taken.entries()) settleWay(set, way as number, index + 1);
    expect([...set.tags]).toEqual([1, 2, 3]);
  });

  it('keep what was written while the tags were being read', () => {
    const set = pageSet(4);
    const since = set.changes;
    const taken = takeWay(set, 5, false);
    settleWay(set, taken?.way as number, 5);
    refreshTags(set, Uint32Array.of(0, 6, 0, 0), since);
    expect([...set.tags]).toEqual([5, 6, 0, 0]);
    refreshTags(set, Uint32Array.of(0, 6, 0, 0), set.changes);
    expect([...set.tags]).toEqual([0, 6, 0, 0]);
  });

  it('are freed and taken back for their own tag only', () => {
    const set = pageSet(2);
    settleWay(set, takeWay(set, 5, false)?.way as number, 5);
    freeWay(set, 0, 6);
    expect(takeBackWay(set, 0, 6)).toBe(false);
    expect(set.tags[0]).toBe(5);
    expect(takeBackWay(set, 0, 5)).toBe(true);
    expect([set.tags[0], set.taken[0]]).toEqual([0, 1]);
  });

  it('of random sets never hold one tag twice', () => {
    const set = pageSet(16);
    const random = seededRandom(3);
    for (let step = 0; step < 5000; step += 1) {
      read(set, 1 + randomBelow(random, 40), step % 3 === 0, { written: 0 });
      const held = [...set.tags].filter((tag) => tag !== 0);
      expect(new Set(held).size).toBe(held.length);
    }
  });
});
