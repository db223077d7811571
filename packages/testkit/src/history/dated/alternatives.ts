/**
 * What else may be assumed when a history contradicts its assumptions.
 *
 * A finding goes away only if one of its suspects sees another version, and that takes one of three things: another
 * version with a fitting value, an unknown write of that value that took effect, or another order of the writes in
 * a commit. Each of these is one alternative; alternatives that lead nowhere are found out in turn.
 */
import { matches, type PreparedOperation } from '../prepared-operation.ts';
import { type Assumptions, type DatedFinding, dateOf, type Suspect, seenPlace } from './assumptions.ts';
import { fittingPlaces, isStale } from './choose-versions.ts';
import { type Commit, lastAt, type Timelines, type Version } from './commit.ts';
import type { Shard } from './cut.ts';
import { timeOf } from './past-reads.ts';
import { possibleDates } from './possible-dates.ts';

/** What a history looks like under assumptions that contradict it. */
export interface Refuted {
  /** Absent where not even the commits make sense. */
  readonly timelines: Timelines | undefined;
  readonly finding: DatedFinding;
}

/** Returns assumptions that may take a finding away, likely ones first. */
export function alternatives(
  operations: readonly PreparedOperation[],
  shardOf: (key: string) => Shard,
  { finding, timelines }: Refuted,
  assumptions: Assumptions,
): Assumptions[] {
  if (timelines === undefined) return [];
  const undecided = operations.filter(
    (operation) => !operation.isKnown && dateOf(operation, assumptions) === undefined,
  );
  return finding.suspects.flatMap((suspect) => {
    const { key, timestamp } = suspect.read;
    const able = undecided.filter(
      ({ writes }) => writes.has(key) && matches(suspect.read, writes.get(key), timestamp),
    );
    return [
      ...otherVersions(suspect, timelines, assumptions),
      ...otherWinners(suspect, timelines, assumptions),
      ...able.flatMap((write) =>
        possibleDates(write, suspect, { operations, shardOf, timelines, assumptions }).map((date) => ({
          ...assumptions,
          dates: new Map(assumptions.dates).set(write.index, date),
          seen: seenWith(write, suspect, assumptions),
        })),
      ),
    ];
  });
}

/** A read of the latest saw the write that is assumed for its sake, and no other; what others saw their times tell. */
function seenWith(write: PreparedOperation, suspect: Suspect, assumptions: Assumptions): Assumptions['seen'] {
  if (isStale(suspect.operation) || timeOf(suspect.operation, assumptions) !== undefined)
    return assumptions.seen;
  return new Map(assumptions.seen).set(seenPlace(suspect), write.index);
}

/** A version of an equal value may have been the one. */
function otherVersions(suspect: Suspect, { versions }: Timelines, assumptions: Assumptions): Assumptions[] {
  const { operation, read } = suspect;
  const place = seenPlace(suspect);
  if (isStale(operation) || assumptions.seen.has(place)) return [];
  const all = versions.get(read.key) ?? [];
  const fitting = fittingPlaces(operation, read, all, -1);
  return othersOf(fitting, suspect, all, assumptions).map((other) => ({
    ...assumptions,
    seen: new Map(assumptions.seen).set(place, all[other]?.commit.members[0]?.index ?? -1),
  }));
}

function othersOf(
  fitting: readonly number[],
  { operation }: Suspect,
  versions: readonly Version[],
  assumptions: Assumptions,
): readonly number[] {
  const time = timeOf(operation, assumptions);
  if (time !== undefined) {
    // What came later, but at or below the time, was not there yet.
    const last = lastAt(versions, time);
    return fitting.filter((place) => place < last);
  }
  const floor = versions.findLastIndex(({ commit }) => commit.returned < operation.invoked);
  return fitting.filter((place) => place >= floor).slice(1);
}

/** Another write of a commit may have applied last. */
function otherWinners(suspect: Suspect, { versions }: Timelines, assumptions: Assumptions): Assumptions[] {
  const { operation, read } = suspect;
  const all = versions.get(read.key) ?? [];
  const time = timeOf(operation, assumptions);
  const last = time === undefined ? undefined : lastAt(all, time);
  return all
    .filter((_, place) => last === undefined || place === last)
    .filter(({ commit }) => commit.members.length > 1 && commit.invoked <= operation.returned)
    .flatMap(({ commit, value }) =>
      writersOf(commit, read.key)
        .filter(({ writes }) => writes.get(read.key) !== value)
        .filter(({ writes }) => matches(read, writes.get(read.key), commit.timestamp))
        .map((winner) => ({
          ...assumptions,
          before: [...assumptions.before, ...pairs(commit, read.key, winner)],
        })),
    );
}

function writersOf({ members }: Commit, key: string): PreparedOperation[] {
  return members.filter(({ writes }) => writes.has(key));
}

function pairs(commit: Commit, key: string, winner: PreparedOperation): (readonly [number, number])[] {
  const losers = writersOf(commit, key).filter((writer) => writer !== winner);
  return losers.map(({ index }) => [index, winner.index] as const);
}
