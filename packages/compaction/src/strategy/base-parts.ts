/**
 * Cutting a merge into base in keys: parts of about equal size, which are merged one by one or side by side.
 *
 *     delta     [──────────────────── 60 ────────────────────]     inputs, of which each part takes its share
 *     ruler     [─ 100 ─)[─ 90 ─)[─ 110 ─)[─ 100 ─)[─ 80 ─)         the largest sequence of disjoint inputs
 *     parts     ──────────────────)─────────────────)────────       cut where files of the ruler begin
 *
 * Bytes are taken to be spread over the keys as those of the ruler are: nothing better is known without reading.
 *
 * Invariants:
 * - Parts are disjoint, ascend and cover all keys. A part without files of delta is none: nothing is to be merged there.
 */
import { compareBytes, EMPTY_BYTES } from '@clortho/base';
import type { KeyRange } from '../versions/clip-range-deletes.ts';
import type { CompactionFile } from './compaction-file.ts';
import { bytesOf, mergedDeletes, type Run, rangesOverlap } from './runs.ts';

/** A part of a merge into base. */
export interface BasePart {
  /** `undefined` if it is the whole. */
  readonly range: KeyRange | undefined;
  readonly delta: readonly CompactionFile[];
  readonly current: readonly CompactionFile[];
  /** What the part takes of the files of delta, by estimate, and what their deletes free in Current. */
  readonly deltaBytes: number;
}

/** Which part of Current that a range delete may reach it is taken to delete. */
const RANGE_DELETE_FRACTION = 0.01;

const EVERYTHING: KeyRange = { lower: EMPTY_BYTES, upper: undefined };

/** Returns the parts of a merge of `runs` into the Current files they overlap, each of about `bytesMax` at most. */
export function baseParts(
  runs: readonly Run[],
  current: readonly CompactionFile[],
  bytesMax: number,
): BasePart[] {
  const delta = runs.flatMap((run) => run.files);
  const ruler = largest([current, ...runs.map((run) => inOrder(run.files))]);
  const ranges = cut(ruler, bytesOf(delta) + bytesOf(current), bytesMax);
  if (ranges.length === 1) {
    const deltaBytes = delta.reduce((sum, file) => sum + weightOf(file, current), 0);
    return [{ range: undefined, delta, current, deltaBytes }];
  }
  const marks = cumulative(ruler);
  return ranges.flatMap((range) => {
    const inside = delta.filter((file) => rangesOverlap(file, range));
    if (inside.length === 0) return [];
    const below = current.filter((file) => rangesOverlap(file, range));
    const share = (file: CompactionFile): number =>
      weightOf(file, below) * shareOf(file, range, ruler, marks);
    return {
      range,
      delta: inside,
      current: below,
      deltaBytes: inside.reduce((sum, file) => sum + share(file), 0),
    };
  });
}

/**
 * Returns the size of a file of delta and of what its deletes free: a row for each; for a range delete, of which nobody
 * knows how far it reaches, a fixed part of the files in reach.
 */
function weightOf(file: CompactionFile, current: readonly CompactionFile[]): number {
  if (mergedDeletes(file) === 0) return file.bytes;
  const below = current.filter((other) => rangesOverlap(other, file));
  const rows = below.reduce((sum, other) => sum + other.rows, 0);
  const freedRows = Math.min(rows, file.deletes + file.rangeDeletes * rows * RANGE_DELETE_FRACTION);
  return file.bytes + (rows === 0 ? 0 : (freedRows / rows) * bytesOf(below));
}

/** Cuts the keys where files of the ruler begin, so that each range holds its share of `bytes` up to `bytesMax`. */
function cut(ruler: readonly CompactionFile[], bytes: number, bytesMax: number): KeyRange[] {
  if (bytes <= bytesMax) return [EVERYTHING];
  const scale = bytes / bytesOf(ruler);
  const ranges: KeyRange[] = [];
  let lower: Uint8Array = EMPTY_BYTES;
  let size = 0;
  for (const file of ruler) {
    const grown = size + file.bytes * scale;
    const isCut = size > 0 && grown > bytesMax && compareBytes(lower, file.lower) < 0;
    if (isCut) {
      ranges.push({ lower, upper: file.lower });
      lower = file.lower;
    }
    size = isCut ? file.bytes * scale : grown;
  }
  ranges.push({ lower, upper: undefined });
  return ranges;
}

/** Returns which fraction of `file` lies in `range`: by the ruler's bytes, or all of it where the ruler has none. */
function shareOf(
  file: CompactionFile,
  range: KeyRange,
  ruler: readonly CompactionFile[],
  marks: readonly number[],
): number {
  const [start, end] = [firstAt(ruler, file.lower), endAt(ruler, file.upper)];
  const from = Math.max(start, firstAt(ruler, range.lower));
  const to = Math.min(end, endAt(ruler, range.upper));
  const whole = (marks[end] as number) - (marks[start] as number);
  if (whole <= 0) return 1;
  return to <= from ? 0 : ((marks[to] as number) - (marks[from] as number)) / whole;
}

/** Returns the sums of the bytes of the first 0, 1, 2 … files. */
function cumulative(files: readonly CompactionFile[]): number[] {
  const marks = [0];
  for (const file of files) marks.push((marks.at(-1) as number) + file.bytes);
  return marks;
}

/** Returns the index of the first file that reaches beyond `key`. */
function firstAt(files: readonly CompactionFile[], key: Uint8Array): number {
  return bisect(files, ({ upper }) => upper === undefined || compareBytes(key, upper) < 0);
}

/** Returns the index of the first file that begins at or above the bound. */
function endAt(files: readonly CompactionFile[], bound: Uint8Array | undefined): number {
  return bound === undefined ? files.length : bisect(files, ({ lower }) => compareBytes(lower, bound) >= 0);
}

function bisect(files: readonly CompactionFile[], holds: (file: CompactionFile) => boolean): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(files[middle] as CompactionFile)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function largest(sequences: readonly (readonly CompactionFile[])[]): readonly CompactionFile[] {
  return sequences.reduce((best, next) => (bytesOf(next) > bytesOf(best) ? next : best));
}

function inOrder(files: readonly CompactionFile[]): CompactionFile[] {
  return [...files].sort((left, right) => compareBytes(left.lower, right.lower));
}
