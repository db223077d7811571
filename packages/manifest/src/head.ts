/**
 * The head of a shard: the one register whose compare-and-swap makes a change visible.
 *
 * Invariants:
 * - `version` is the version of the register that holds the head; every change adds one edit and one to it.
 * - The segments cover versions `(0, version - tail.length]`, the tail the rest.
 * - `upper`, `floor`, `gcFloor`, `epoch` and every horizon never go back; a horizon is at most max(upper, floor).
 * - Commit timestamps strictly increase and lie above the floor.
 */
import { ID_MIN, invariant } from '@clortho/base';
import type { Edit } from './edit.ts';
import type { SegmentReference } from './segment.ts';

/** `open` takes commits; `sealed` was split or merged away and never changes again. */
export type HeadState = 'open' | 'sealed';

/** The content of a shard's head register. */
export interface Head {
  /** The id of the store: a head never serves another one. */
  readonly store: string;
  readonly shard: number;
  readonly version: number;
  /** Grows with every change of owner. */
  readonly epoch: number;
  /** The timestamp of the last commit; 0 before the first. */
  readonly upper: number;
  /** The highest closed time: commits land above it. */
  readonly floor: number;
  /** By family: reads below are refused, versions that only they could see may be dropped. 0 by default. */
  readonly horizons: Readonly<Record<number, number>>;
  /** New objects have ids at or above this one; unreferenced ones below it are garbage. */
  readonly gcFloor: string;
  readonly state: HeadState;
  readonly segments: readonly SegmentReference[];
  readonly tail: readonly Edit[];
}

/** What a change sets besides its edit, whose timestamp sets `upper`. */
export type HeadPatch = Partial<Pick<Head, 'epoch' | 'floor' | 'horizons' | 'gcFloor' | 'state'>>;

/** Returns the head of a shard that was just created; `token` names the creation. */
export function initialHead(store: string, shard: number, token: string): Head {
  return {
    store,
    shard,
    version: 1,
    epoch: 0,
    upper: 0,
    floor: 0,
    horizons: {},
    gcFloor: ID_MIN,
    state: 'open',
    segments: [],
    tail: [{ token, timestamp: 0, added: [], removed: [] }],
  };
}

/** Returns the highest time whose reads are settled on this shard. */
export function settledTimestamp(head: Head): number {
  return Math.max(head.upper, head.floor);
}

/** Returns the horizon of a family; 0 if all its history is kept. */
export function horizonOf(head: Head, family: number): number {
  return head.horizons[family] ?? 0;
}

/** Returns the head after a change. Segments are replaced by folding, see `planFold`. */
export function advanceHead(head: Head, edit: Edit, patch: HeadPatch): Head {
  const upper = edit.timestamp > 0 ? edit.timestamp : head.upper;
  const next: Head = { ...head, ...patch, upper, version: head.version + 1, tail: [...head.tail, edit] };
  invariant(head.state === 'open', 'a sealed head never changes', head.shard);
  invariant(
    edit.timestamp === 0 || edit.timestamp > settledTimestamp(head),
    'commits land above upper and floor',
  );
  invariant(next.floor >= head.floor, 'the floor never goes back', next.floor);
  invariant(next.epoch >= head.epoch, 'the epoch never goes back', next.epoch);
  invariant(next.gcFloor >= head.gcFloor, 'the floor of garbage never goes back', next.gcFloor);
  for (const horizon of Object.values(next.horizons)) {
    invariant(horizon <= settledTimestamp(next), 'a horizon is a settled time', horizon);
  }
  for (const [family, horizon] of Object.entries(head.horizons)) {
    invariant((next.horizons[Number(family)] ?? 0) >= horizon, 'a horizon never goes back', family);
  }
  return next;
}

/**
 * Returns the time at which a version of a family must have ended before it may be dropped. Below the horizon no time
 * is read; but the newest state may be judged at the shard's last commit, which can be older than the horizon, and
 * what a time to live ends is alive until then.
 */
export function droppableBefore(head: Head, family: number): number {
  return Math.min(horizonOf(head, family), head.upper);
}

/** Returns the token of the change that made `version`, if the tail holds it. */
export function tailToken(head: Head, version: number): string | undefined {
  return head.tail[head.tail.length - 1 - (head.version - version)]?.token;
}
