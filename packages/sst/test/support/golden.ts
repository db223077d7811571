/** The golden files of `test/golden`, and what their JSON says of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { bloom } from '../../src/collector/bloom.ts';
import type { CollectorDefinition } from '../../src/collector/collector.ts';
import { countBy } from '../../src/collector/count-by.ts';
import { distinct } from '../../src/collector/distinct.ts';
import { minMax } from '../../src/collector/min-max.ts';
import { DELETE, MERGE, NEVER, PUT, type RangeDelete, type Row, type RowKind } from '../../src/row.ts';
import type { SstSummary } from '../../src/summary.ts';
import type { SstWriterOptions } from '../../src/writer/writer-options.ts';

export interface Golden {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options: SstWriterOptions;
  /** What to open the file with where it has no timestamps. */
  readonly timestamp: number | undefined;
  readonly collectors: readonly CollectorDefinition[];
  readonly rows: readonly Row[];
  readonly rangeDeletes: readonly RangeDelete[];
  /** Without keys and statistics. */
  readonly summary: Partial<SstSummary>;
  /** As {@link shownStatistics} gives them, of the file and of each block. */
  readonly statistics: unknown;
  readonly blockStatistics: readonly unknown[] | undefined;
}

/** Text of one character per byte, or a list of such texts and of [text, times]. */
type Text = string | readonly (string | readonly [text: string, times: number])[];

interface Expected {
  readonly options: Omit<SstWriterOptions, 'collectors'> & {
    readonly collectors?: readonly (readonly [
      kind: keyof typeof COLLECTORS,
      name: string,
      ...facts: unknown[],
    ])[];
  };
  readonly timestamp?: number;
  readonly summary: Omit<Partial<SstSummary>, 'bytes'> & { readonly size: number };
  readonly statistics?: unknown;
  readonly blockStatistics?: readonly unknown[];
  readonly rangeDeletes: readonly (readonly [start: Text, end: Text, timestamp: number])[];
  readonly rows: readonly (readonly [
    key: Text,
    timestamp: number,
    end: number | null,
    kind: keyof typeof KINDS,
    value: Text,
  ])[];
}

const KINDS: Record<'put' | 'delete' | 'merge', RowKind> = { put: PUT, delete: DELETE, merge: MERGE };
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');
const COLLECTORS = { minMax, bloom, distinct, countBy };

/** Reads the files of one version of the format. */
export function readGolden(version: string): Golden[] {
  const folder = new URL(`../golden/${version}/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sst'))
    .sort()
    .map((file) => {
      const expected = JSON.parse(
        readFileSync(new URL(file.replace('.sst', '.json'), folder), 'utf8'),
      ) as Expected;
      const { collectors: described = [], ...options } = expected.options;
      const collectors = described.map(([kind, ...facts]) =>
        (COLLECTORS[kind] as (...all: unknown[]) => CollectorDefinition)(...facts),
      );
      const { size, ...summary } = expected.summary;
      return {
        name: file.replace('.sst', ''),
        bytes: new Uint8Array(readFileSync(new URL(file, folder))),
        options: { ...options, collectors },
        timestamp: expected.timestamp,
        collectors,
        rows: expected.rows.map(([key, timestamp, end, kind, value]) => ({
          key: bytesOf(key),
          timestamp,
          endTimestamp: end ?? NEVER,
          kind: KINDS[kind],
          value: bytesOf(value),
        })),
        rangeDeletes: expected.rangeDeletes.map(([start, end, timestamp]) => ({
          start: bytesOf(start),
          end: bytesOf(end),
          timestamp,
        })),
        summary: { bytes: size, ...summary },
        statistics: expected.statistics,
        blockStatistics: expected.blockStatistics,
      };
    });
}

function bytesOf(text: Text): Uint8Array {
  const parts = typeof text === 'string' ? [text] : text;
  const repeated = parts.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1])));
  return new Uint8Array(Buffer.from(repeated.join(''), 'latin1'));
}

/** Decoded statistics as plain values; of a Bloom filter, what it says of the lower-case letters. */
export function shownStatistics(statistics: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(statistics).map(([name, one]) => [name, shown(one as object)]));
}

function shown(statistic: object): unknown {
  if ('entries' in statistic) return statistic.entries;
  if (!('mayContain' in statistic)) return statistic;
  const { mayContain } = statistic as { mayContain(value: string): boolean };
  return LETTERS.filter((letter) => mayContain(letter)).join('');
}
