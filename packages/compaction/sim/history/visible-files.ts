/**
 * What files show: the rows and range deletes within their bounds, by key.
 *
 * Invariants:
 * - Rows are decoded once per object. Parts of an object share them and show those within their bounds.
 */
import { compareBytes, decodeUtf8 } from '@clortho/base';
import { MERGE, NEVER, type RangeDelete, type Row, type RowPosition } from '@clortho/sst';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';
import { clipRangeDeletes, type KeyRange } from '../../src/versions/clip-range-deletes.ts';
import type { VersionGroup } from '../../src/versions/version-group.ts';
import { type Objects, rowsOf } from './objects.ts';

/** A version of a key and the file that shows it. */
export interface KeyVersion {
  readonly file: CompactionFile;
  readonly position: RowPosition;
}

/** See the module. */
export class VisibleFiles {
  readonly #objects: Objects;
  readonly #rows = new Map<string, ReadonlyMap<string, readonly RowPosition[]>>();

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** Returns the versions of a key, newest first. */
  versions(files: readonly CompactionFile[], name: string): KeyVersion[] {
    const versions: KeyVersion[] = [];
    for (const file of files) {
      for (const position of this.rows(file).get(name) ?? [])
        if (isInside(file, position)) versions.push({ file, position });
    }
    return versions.sort((left, right) => right.position.timestamp - left.position.timestamp);
  }

  /** Returns the range deletes of all files. */
  rangeDeletes(files: readonly CompactionFile[]): RangeDelete[] {
    return files.flatMap((file) =>
      file.rangeDeletes === 0 ? [] : clipRangeDeletes(this.#objects.open(file).rangeDeletes, file),
    );
  }

  /** Returns all rows of the object of a file by key, visible or not. */
  rows(file: CompactionFile): ReadonlyMap<string, readonly RowPosition[]> {
    let known = this.#rows.get(file.id);
    if (known === undefined) {
      const byKey = new Map<string, RowPosition[]>();
      for (const row of rowsOf(this.#objects.open(file))) {
        const name = decodeUtf8(row.key);
        const rows = byKey.get(name);
        if (rows === undefined) byKey.set(name, [positionOf(row)]);
        else rows.push(positionOf(row));
      }
      known = byKey;
      this.#rows.set(file.id, known);
    }
    return known;
  }
}

/** Makes `group` what a read of the key at `asOf` collects. */
export function collect(
  versions: readonly KeyVersion[],
  asOf: number,
  isLatest: boolean,
  group: VersionGroup,
): void {
  group.clear();
  for (const { file, position } of versions) {
    if (position.timestamp > asOf || !isWanted(file, asOf, isLatest)) continue;
    if (!group.begun) group.begin(position);
    group.push(position);
    if (asOf !== Number.POSITIVE_INFINITY && position.kind !== MERGE) return;
  }
}

/** Tells whether the key of a row lies in a range. */
export function isInside({ lower, upper }: KeyRange, { keyBytes }: RowPosition): boolean {
  return compareBytes(keyBytes, lower) >= 0 && (upper === undefined || compareBytes(keyBytes, upper) < 0);
}

function isWanted(file: CompactionFile, asOf: number, isLatest: boolean): boolean {
  if (asOf === Number.POSITIVE_INFINITY) return true;
  if (file.minTimestamp > asOf) return false;
  return file.tier !== 'history' || (!isLatest && file.maxEndTimestamp > asOf);
}

function positionOf({ key, timestamp, endTimestamp = NEVER, kind, value }: Row): RowPosition {
  return {
    keyBytes: key,
    keyStart: 0,
    keyEnd: key.length,
    timestamp,
    endTimestamp,
    kind,
    valueBytes: value,
    valueStart: 0,
    valueEnd: value.length,
  };
}
