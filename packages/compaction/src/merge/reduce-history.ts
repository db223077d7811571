/** History rows of one key from several files: copied while a readable time needs them, their intervals are final. */
import type { RowKind } from '@clortho/sst';
import type { VersionGroup } from '../versions/version-group.ts';
import { expiryOf } from '../versions/version-rules.ts';
import { isKept, type MergeRules, type RowSink } from './merge-rules.ts';

/** Appends the group's rows that are still needed to `sink`. */
export function reduceHistory(group: VersionGroup, rules: MergeRules, sink: RowSink): void {
  for (let index = 0; index < group.length; index += 1) {
    const timestamp = group.timestamps[index] as number;
    const end = group.ends[index] as number;
    if (!isKept(rules, timestamp, Math.min(end, expiryOf(rules, group, index)), index)) continue;
    sink.append(
      group.keyBytes,
      group.keyStart,
      group.keyEnd,
      timestamp,
      end,
      group.kinds[index] as RowKind,
      group.valueBytes[index] as Uint8Array,
      group.valueStarts[index] as number,
      group.valueEnds[index] as number,
    );
  }
}
