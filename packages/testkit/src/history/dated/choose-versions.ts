/**
 * Which version each linearizable read of the latest state saw.
 *
 *     versions of a     x ──────► y ──────► x ──────► z
 *     returned before the read    └ or seen by a read that returned before it: the floor
 *     invoked after its return                        └ the ceiling
 *
 * With values of their own there is one choice at most. Otherwise the oldest one is taken: reads that come later
 * are then bound by the least.
 *
 * Invariants:
 * - A read sees what returned before its invocation, and nothing invoked after its return.
 */
import type { HistoryRead } from '../history-operation.ts';
import { matches, type PreparedOperation } from '../prepared-operation.ts';
import { type Assumptions, type DatedFinding, seenPlace } from './assumptions.ts';
import type { Commit, Timelines, Version } from './commit.ts';
import { writersOf } from './past-reads.ts';

/** A read and the place of the version that it saw, -1 for the time before the first. */
export interface SeenVersion {
  readonly read: HistoryRead;
  readonly place: number;
}

/** What every linearizable read saw, in the order of its reads. */
export type SeenVersions = ReadonlyMap<PreparedOperation, readonly SeenVersion[]>;

/** Tells whether an operation is a stale read. */
export function isStale({ source }: PreparedOperation): boolean {
  return (source.stalenessMax ?? 0) > 0;
}

/** Returns the versions that the linearizable reads of a history saw, or one that saw none that it could. */
export function chooseVersions(
  operations: readonly PreparedOperation[],
  { commits, versions }: Timelines,
  { seen }: Assumptions,
): SeenVersions | DatedFinding {
  const chosen = new Map<PreparedOperation, readonly SeenVersion[]>();
  const floors = new Map<string, Floor>();
  const places = placesOf(versions);
  // Whoever comes later sees all of what was there, not just the key that gave it away.
  const raise = ({ id, writes }: Commit, reader?: PreparedOperation): void => {
    for (const key of writes.keys()) {
      const place = places.get(`${id} ${key}`) as number;
      if (place > (floors.get(key)?.place ?? -1)) floors.set(key, { place, reader });
    }
  };

  const reads = operations.filter(isLatestRead).sort((one, two) => one.invoked - two.invoked);
  const returns = [
    ...commits.map((commit) => ({ returned: commit.returned, raise: () => raise(commit) })),
    ...reads.map((reader) => ({
      returned: reader.returned,
      raise: () => {
        for (const { read, place } of chosen.get(reader) ?? []) {
          const version = versions.get(read.key)?.[place];
          if (version !== undefined) raise(version.commit, reader);
        }
      },
    })),
  ].sort((one, two) => one.returned - two.returned);

  let next = 0;
  for (const operation of reads) {
    for (
      ;
      next < returns.length && (returns[next] as { returned: number }).returned < operation.invoked;
      next += 1
    ) {
      returns[next]?.raise();
    }
    const saw: SeenVersion[] = [];
    for (const read of operation.reads) {
      const all = versions.get(read.key) ?? [];
      const floor = floors.get(read.key) ?? { place: -1 };
      const pinned = seen.get(seenPlace({ operation, read }));
      const place = fittingPlaces(operation, read, all, floor.place).find(
        (place) => pinned === undefined || isWrittenBy(all[place], pinned),
      );
      if (place === undefined) return unfit(operation, read, all, floor);
      saw.push({ read, place });
    }
    chosen.set(operation, saw);
  }
  return chosen;
}

/** Returns the places of the versions from `floor` on that a read may have seen, oldest first. */
export function fittingPlaces(
  { returned }: PreparedOperation,
  read: HistoryRead,
  versions: readonly Version[],
  floor: number,
): number[] {
  const fitting: number[] = [];
  for (let place = floor; place < versions.length; place += 1) {
    const version = versions[place];
    if (version !== undefined && version.commit.invoked > returned) break;
    if (matches(read, version?.value, version?.commit.timestamp)) fitting.push(place);
  }
  return fitting;
}

function isLatestRead(operation: PreparedOperation): boolean {
  return operation.writes.size === 0 && operation.source.asOf === undefined && !isStale(operation);
}

/** The oldest version of a key that a read may see, and the earlier read, if any, that saw it. */
interface Floor {
  readonly place: number;
  readonly reader?: PreparedOperation | undefined;
}

/** Tells whether a version is the one that {@link Assumptions.seen} names. */
export function isWrittenBy(version: Version | undefined, index: number): boolean {
  return version === undefined ? index < 0 : version.commit.members.some((member) => member.index === index);
}

function placesOf(versions: Timelines['versions']): Map<string, number> {
  const places = new Map<string, number>();
  for (const [key, all] of versions) {
    for (const [place, { commit }] of all.entries()) places.set(`${commit.id} ${key}`, place);
  }
  return places;
}

function unfit(
  operation: PreparedOperation,
  read: HistoryRead,
  versions: readonly Version[],
  floor: Floor,
): DatedFinding {
  const { source } = operation;
  const suspects = [{ operation, read }];
  const saw = `${read.key}=${read.value ?? 'absent'}`;
  const fits = (version: Version): boolean => matches(read, version.value, version.commit.timestamp);
  const later = versions.findIndex((version, place) => place > floor.place && fits(version));
  const newest = versions[floor.place];
  const future = versions[later];
  if (future !== undefined) {
    const text = `${saw} was read before it was written`;
    return { kind: 'future-read', text, operations: [source, ...writersOf(future)], suspects };
  }
  if (newest === undefined) {
    const text = `nothing that took effect brought ${saw}`;
    return { kind: 'unwritten-value', text, operations: [source], suspects };
  }
  const text = `${saw} was read, but ${read.key} was ${newest.value ?? 'absent'} before the read began`;
  const reader = floor.reader === undefined ? [] : [floor.reader.source];
  return { kind: 'stale-read', text, operations: [...writersOf(newest), ...reader, source], suspects };
}
