/**
 * Statistics of collectors as people read them.
 *
 * A file has the name, the version and the bytes of a collector, not its kind. Those of the kinds that come with
 * `@clortho/sst` are told by their shape, which has to fit the bytes of the file and of every block that has some; what fits
 * no kind stays bytes.
 */
import { countBy, distinct, minMax } from '@clortho/sst';
import { formatCount } from '../output/format.ts';
import { printable } from '../output/tree.ts';

/** A statistic that was understood. */
export interface ReadStatistic {
  /** For people. */
  readonly text: string;
  /** For programs: plain JSON. */
  readonly value: unknown;
}

/** One kind of statistics. */
export interface StatisticKind {
  readonly name: 'minMax' | 'bloom' | 'distinct' | 'countBy';
  /** Returns what the bytes say of so many rows, or `undefined` if they are not of this kind. */
  read(bytes: Uint8Array, rows: number): ReadStatistic | undefined;
}

const VERSION = 1;
const ANYWHERE = { type: 'bytes', offset: 0, length: 1 } as const;
const MIN_MAX_BYTES = 16;
/** A rank of HyperLogLog is at most the bits of half a hash, and one. */
const RANK_MAX = 33;
/** Doubles that are no numbers of a column are far outside these, nearly always. */
const LEAST_PLAUSIBLE = 1e-12;
const GREATEST_PLAUSIBLE = 1e21;
const COUNTS_SHOWN = 4;

const built = {
  minMax: minMax('', { type: 'int8', offset: 0 }),
  distinct: distinct('', ANYWHERE),
  countBy: countBy('', ANYWHERE),
};

const KINDS: readonly StatisticKind[] = [
  { name: 'bloom', read: readBloom },
  { name: 'distinct', read: readDistinct },
  { name: 'countBy', read: readCounts },
  { name: 'minMax', read: readMinMax },
];

/**
 * Returns the kind of a collector of `version`, by all statistics it wrote, each with the number of rows that it is of;
 * `undefined` if no kind fits, or there are none.
 */
export function recogniseStatistics(
  version: number,
  statistics: readonly (readonly [bytes: Uint8Array, rows: number])[],
): StatisticKind | undefined {
  const some = statistics.filter(([bytes]) => bytes.length > 0);
  if (version !== VERSION || some.length === 0) return undefined;
  return KINDS.find((kind) => some.every(([bytes, rows]) => kind.read(bytes, rows) !== undefined));
}

function readMinMax(bytes: Uint8Array): ReadStatistic | undefined {
  if (bytes.length !== MIN_MAX_BYTES) return undefined;
  const { min, max } = built.minMax.decode(bytes);
  if (!isPlausible(min) || !isPlausible(max) || min > max) return undefined;
  return { text: min === max ? String(min) : `${min} to ${max}`, value: { min, max } };
}

function readDistinct(bytes: Uint8Array): ReadStatistic | undefined {
  if (bytes.subarray(1).some((rank) => rank > RANK_MAX)) return undefined;
  try {
    const { estimate } = built.distinct.decode(bytes);
    return { text: `about ${formatCount(estimate)}`, value: { estimate } };
  } catch {
    return undefined;
  }
}

function readCounts(bytes: Uint8Array, rows: number): ReadStatistic | undefined {
  try {
    const { entries } = built.countBy.decode(bytes);
    const counted = entries.reduce((sum, [, count]) => sum + count, 0);
    const isAscending = entries.every(([value], at) => at === 0 || (entries[at - 1]?.[0] ?? '') < value);
    if (counted > rows || !isAscending || entries.some(([, count]) => count === 0)) return undefined;
    const most = entries.toSorted(([, left], [, right]) => right - left).slice(0, COUNTS_SHOWN);
    const texts = most.map(([value, count]) => `${printable(Buffer.from(value, 'latin1'), 16)} ${count}`);
    const rest = entries.length - most.length;
    const value = entries.map(([each, count]) => [Buffer.from(each, 'latin1').toString('hex'), count]);
    return { text: [...texts, ...(rest === 0 ? [] : [`${rest} more`])].join(', '), value };
  } catch {
    return undefined;
  }
}

function readBloom(bytes: Uint8Array): ReadStatistic | undefined {
  try {
    const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as Readonly<Record<string, unknown>>;
    const { type, _size: bits, _nbHashes: hashes } = record;
    if (type !== 'BloomFilter' || typeof bits !== 'number' || typeof hashes !== 'number') return undefined;
    return { text: `${formatCount(bits)} bits, ${hashes} hashes`, value: { bits, hashes } };
  } catch {
    return undefined;
  }
}

function isPlausible(value: number): boolean {
  const size = Math.abs(value);
  return value === 0 || (size >= LEAST_PLAUSIBLE && size <= GREATEST_PLAUSIBLE);
}
