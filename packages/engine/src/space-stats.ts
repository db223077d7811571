/**
 * What the bytes of a store are good for: the newest state, readable history, or nothing any more.
 *
 *     history file     [first row ────── last end)
 *     horizon          ─────────────────────|──────▶      ended at or below it: no read from the horizon on needs it
 *     pin                       ^                         falls between: this snapshot holds it, else it may go
 */
import { droppableBefore, type FileEntry, type Pin, type ShardState } from '@clortho/manifest';

/** Bytes of live files by what needs them; files, not rows, are told apart. */
export interface SpaceStats {
  /** Delta and Current. Delta may hold superseded versions that no merge has sorted out yet. */
  readonly live: number;
  /** History that reads as of a time at or above the horizon may need. */
  readonly history: number;
  /** History below the horizon that is not held: the next compaction drops it. */
  readonly garbage: number;
  /** History below the horizon that only snapshots need, by the id of their pin. A file may be held by several. */
  readonly held: readonly { readonly pin: string; readonly bytes: number }[];
}

/** How much more is written, kept and looked at than what was given. */
export interface Amplification {
  /** Bytes put for each byte that commits of this handle put; `undefined` without commits. */
  readonly write: number | undefined;
  /** Bytes of files for each byte of delta and Current; `undefined` in an empty store. */
  readonly space: number | undefined;
  /** The largest number of sorted runs that a point read of the newest state may have to ask. */
  readonly read: number;
}

/** Returns what the bytes of some shards are good for; `kept` tells families in which versions outlast the horizon. */
export function spaceStats(
  shards: readonly ShardState[],
  pins: readonly Pin[],
  isKept: (family: number) => boolean,
): SpaceStats {
  let [live, history, garbage] = [0, 0, 0];
  const held = new Map<string, number>();
  for (const { head, files } of shards) {
    const times = pins.flatMap(({ id, times: all }) =>
      all.flatMap(([shard, timestamp]) => (shard === head.shard ? [{ id, timestamp }] : [])),
    );
    for (const [family, tree] of files) {
      live += bytesOf(tree.delta) + bytesOf(tree.current);
      const horizon = droppableBefore(head, family);
      for (const file of tree.history) {
        const isReadable = file.maxEndTimestamp > horizon || isKept(family);
        const holders = isReadable ? [] : holdersOf(file, times);
        if (isReadable) history += file.bytes;
        else if (holders.length === 0) garbage += file.bytes;
        for (const id of holders) held.set(id, (held.get(id) ?? 0) + file.bytes);
      }
    }
  }
  return { live, history, garbage, held: [...held].map(([pin, bytes]) => ({ pin, bytes })) };
}

function holdersOf(file: FileEntry, times: readonly { id: string; timestamp: number }[]): string[] {
  const holding = times.filter(
    ({ timestamp }) => file.minTimestamp <= timestamp && timestamp < file.maxEndTimestamp,
  );
  return [...new Set(holding.map(({ id }) => id))];
}

function bytesOf(files: readonly FileEntry[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}
