/** A place of compaction: a family of a shard, whose files are merged with each other only. */
import type { Family } from '../catalog/family.ts';

/** See the module. */
export interface Place {
  readonly shard: number;
  readonly family: Family;
}

/** Returns what tells places apart. */
export function placeKey({ shard, family }: Place): string {
  return `${shard}/${family.record.number}`;
}
