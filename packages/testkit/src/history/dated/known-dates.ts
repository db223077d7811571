/** Timestamps of unknown writes that reads give away, because the store told them the timestamp of what they read. */
import { type PreparedOperation, placeOf } from '../prepared-operation.ts';

/** Returns, by the index of the write, the timestamp of every unknown write that a read saw and no other can have made. */
export function knownDates(operations: readonly PreparedOperation[]): Map<number, number> {
  const writers = new Map<string, PreparedOperation[]>();
  for (const operation of operations) {
    for (const [key, value] of operation.writes) {
      const place = placeOf(key, value);
      const others = writers.get(place);
      if (others === undefined) writers.set(place, [operation]);
      else others.push(operation);
    }
  }
  const dates = new Map<number, number>();
  for (const { isKnown, reads } of operations) {
    for (const { key, timestamp, value } of isKnown ? reads : []) {
      if (timestamp === undefined || value === undefined) continue;
      const [writer, ...others] = writers.get(placeOf(key, value)) ?? [];
      if (writer === undefined || others.length > 0) continue;
      if (!writer.isKnown && writer.source.timestamp === undefined) dates.set(writer.index, timestamp);
    }
  }
  return dates;
}
