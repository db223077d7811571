/** Statistics of a store as JSON: keys and encoded statistics as hexadecimal. */
import type { StoreStats } from '@clortho/engine';

/** Returns the JSON text of `value`, with byte arrays as hexadecimal strings. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    each instanceof Uint8Array
      ? Buffer.from(each.buffer, each.byteOffset, each.length).toString('hex')
      : each,
  );
}

/** Returns the statistics without the list of files, which may be very long. */
export function withoutFiles(stats: StoreStats): unknown {
  return {
    ...stats,
    shards: stats.shards.map((shard) => ({
      ...shard,
      families: shard.families.map(({ entries: _, ...family }) => family),
    })),
  };
}
