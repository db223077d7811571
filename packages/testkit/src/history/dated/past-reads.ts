/**
 * Reads of a known time: reads of the past, and transactions, which read right below their commit timestamp.
 *
 *     read as of 40          sees, per key, the newest version at or below 40
 *     transaction @40        sees, per key, the newest version below 40
 *
 * Invariants:
 * - What such a read sees depends on the timestamps alone, so the same read gives the same answer for ever. Whether it
 *   was there at the time of the read is a question of order.
 */
import { matches, type PreparedOperation } from '../prepared-operation.ts';
import { type Assumptions, type DatedFinding, dateOf } from './assumptions.ts';
import { lastAt, type Timelines, type Version } from './commit.ts';

/** Returns the first read of a known time that saw something else than its time holds. */
export function pastReadFinding(
  operations: readonly PreparedOperation[],
  { versions }: Timelines,
  assumptions: Assumptions,
): DatedFinding | undefined {
  for (const operation of operations) {
    const time = timeOf(operation, assumptions);
    if (time === undefined) continue;
    for (const read of operation.reads) {
      const all = versions.get(read.key) ?? [];
      const version = all[lastAt(all, time)];
      if (matches(read, version?.value, version?.commit.timestamp)) continue;
      return { ...mismatch(operation, read.key, time, version), suspects: [{ operation, read }] };
    }
  }
  return undefined;
}

/** Returns the operations whose writes made a version. */
export function writersOf({ commit, value }: Version): PreparedOperation['source'][] {
  const writers = commit.members.filter(({ writes }) => [...writes.values()].includes(value));
  return writers.map(({ source }) => source);
}

/** Returns the time at which an operation reads, if it is known: what it sees has a timestamp at or below that. */
export function timeOf(operation: PreparedOperation, assumptions: Assumptions): number | undefined {
  if (operation.writes.size === 0) return operation.source.asOf;
  const date = dateOf(operation, assumptions);
  return date === undefined ? undefined : date - 1;
}

function mismatch(
  { source, reads, writes }: PreparedOperation,
  key: string,
  time: number,
  version: Version | undefined,
): Omit<DatedFinding, 'suspects'> {
  const read = reads.find((read) => read.key === key);
  const held =
    version === undefined
      ? `${key} did not exist`
      : `${key} was ${version.value ?? 'absent'} since ${version.commit.timestamp}`;
  const operations = [...(version === undefined ? [] : writersOf(version)), source];
  const saw = read?.timestamp === undefined ? (read?.value ?? 'absent') : `the version of ${read.timestamp}`;
  return writes.size === 0
    ? { kind: 'past-read', text: `as of ${time} ${held}, but the read saw ${saw}`, operations }
    : {
        kind: 'transaction-read',
        text: `right below ${time + 1} ${held}, but the transaction read ${saw}`,
        operations,
      };
}
