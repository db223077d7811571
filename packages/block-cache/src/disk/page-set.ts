/**
 * One set of slots: which tags lie in them, which go when room is needed, and which pages may come in.
 *
 *     way      0    1    2    3    4    5          hand: passes pages that were used, taking a use away,
 *     tag    [ A  | B  | C  | .. | D  | E ]              and takes the first that was not (CLOCK, two bits)
 *     uses   [ 0  | 3  | 0  | .. | 1  | 0 ]
 *                   ^ hand                         ghosts: tags that were turned away or pushed out lately
 *
 * A page that is read once never comes back, and writing it to disk costs the disk a page and the cache another one.
 * So a full set takes a page in only when it was missed before, within as many misses as the set has ways: a scan
 * passes by, and writes nothing.
 *
 * Invariants:
 * - A way that is being written has no tag and is taken by nobody else.
 * - Uses and ghosts are in memory only: after a restart pages have none, which costs a few wrong choices.
 */

const USES_MAX = 3;

/** A set in memory. Its fields are changed by this module only. */
export interface PageSet {
  /** By way; 0 is free. */
  readonly tags: Uint32Array;
  /** Hits by way since the hand passed it, saturating. */
  readonly uses: Uint8Array;
  /** By way: 1 while it is being written. */
  readonly taken: Uint8Array;
  /** By way: the value of `changes` when it was last written. */
  readonly changedAt: Uint32Array;
  /** How many ways were written. */
  changes: number;
  /** A ring of tags that were missed and are not here. */
  readonly ghosts: Uint32Array;
  hand: number;
  ghostHand: number;
}

/** What {@link takeWay} gave: a way to write to, and whether a page was pushed out of it. */
export interface TakenWay {
  readonly way: number;
  readonly evicted: boolean;
}

/** Returns an empty set. */
export function pageSet(ways: number): PageSet {
  return {
    tags: new Uint32Array(ways),
    uses: new Uint8Array(ways),
    taken: new Uint8Array(ways),
    changedAt: new Uint32Array(ways),
    changes: 0,
    ghosts: new Uint32Array(ways),
    hand: 0,
    ghostHand: 0,
  };
}

/**
 * Takes over the tags that are on disk, by whichever process: uses stay with tags that did. Ways that were written since
 * `changes` was `since`, when the tags began to be read, are known better.
 */
export function refreshTags(set: PageSet, tags: Uint32Array, since: number): void {
  for (let way = 0; way < tags.length; way += 1) {
    if (set.taken[way] === 1 || (set.changedAt[way] as number) > since || set.tags[way] === tags[way])
      continue;
    set.tags[way] = tags[way] as number;
    set.uses[way] = 0;
  }
}

/** Counts a hit. */
export function countUse(set: PageSet, way: number): void {
  if ((set.uses[way] as number) < USES_MAX) set.uses[way] = (set.uses[way] as number) + 1;
}

/** Forgets that a way holds this tag, until the tags are read again. */
export function freeWay(set: PageSet, way: number, tag: number): void {
  if (set.tags[way] !== tag) return;
  set.tags[way] = 0;
  set.uses[way] = 0;
}

/** Takes a way whose tag is to be removed, if it still has this one: {@link settleWay} ends that. */
export function takeBackWay(set: PageSet, way: number, tag: number): boolean {
  if (set.tags[way] !== tag) return false;
  take(set, way);
  return true;
}

/**
 * Returns the way that a page with this tag is to be written to, or `undefined` if it is not taken in. With
 * `onlyKnown`, a page that was not missed lately is taken in only where a way is free.
 */
export function takeWay(set: PageSet, tag: number, onlyKnown: boolean): TakenWay | undefined {
  const free = set.tags.findIndex((held, way) => held === 0 && set.taken[way] === 0);
  if (free >= 0) return take(set, free);
  const ghost = set.ghosts.indexOf(tag);
  if (ghost >= 0) set.ghosts[ghost] = 0;
  else if (onlyKnown) {
    haunt(set, tag);
    return undefined;
  }
  const victim = findVictim(set);
  if (victim === undefined) return undefined;
  haunt(set, set.tags[victim] as number);
  return take(set, victim);
}

/** Ends what {@link takeWay} or {@link takeBackWay} began: the way holds the tag, or is free if `tag` is 0. */
export function settleWay(set: PageSet, way: number, tag: number): void {
  set.changes += 1;
  set.changedAt[way] = set.changes;
  set.taken[way] = 0;
  set.tags[way] = tag;
}

function take(set: PageSet, way: number): TakenWay {
  const evicted = set.tags[way] !== 0;
  set.taken[way] = 1;
  set.tags[way] = 0;
  set.uses[way] = 0;
  return { way, evicted };
}

// Every round takes a use from every page, so the first page without any turns up in as many rounds as uses can count.
function findVictim(set: PageSet): number | undefined {
  const ways = set.tags.length;
  for (let steps = ways * (USES_MAX + 1); steps > 0; steps -= 1) {
    const way = set.hand;
    set.hand = (way + 1) % ways;
    if (set.taken[way] === 1) continue;
    const uses = set.uses[way] as number;
    if (uses === 0) return way;
    set.uses[way] = uses - 1;
  }
  return undefined;
}

function haunt(set: PageSet, tag: number): void {
  set.ghosts[set.ghostHand] = tag;
  set.ghostHand = (set.ghostHand + 1) % set.ghosts.length;
}
