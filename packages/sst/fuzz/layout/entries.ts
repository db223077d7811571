/** Indexes and partition tables as fields, and as entries. */
import { keyFields, readKeys, readStrings, stringFields } from './columns.ts';
import type { Field } from './field.ts';
import { FieldReader } from './field-reader.ts';

/** What an index says of one data block. */
export interface Entry {
  readonly firstKey: Uint8Array;
  /** One number per name of {@link ENTRY_COLUMNS}. */
  readonly facts: readonly number[];
  /** One element per collector. */
  readonly statistics: readonly Uint8Array[];
}

/** What a partition table says of one partition. */
export interface TableEntry {
  readonly firstKey: Uint8Array;
  /** One number per name of {@link TABLE_COLUMNS}. */
  readonly facts: readonly number[];
}

/** The columns of integers of an index, in order. */
export const ENTRY_COLUMNS = [
  'first timestamps',
  'stored bytes',
  'raw bytes',
  'rows',
  'least timestamps',
  'greatest timestamps',
  'least ends',
  'greatest ends',
] as const;

/** The columns of integers of a partition table, in order. */
export const TABLE_COLUMNS = [
  'first timestamps',
  'stored bytes',
  'raw bytes',
  'blocks',
  'bytes of blocks',
] as const;

/** Returns the fields of an index, or of a partition of one. */
export function entryFields(entries: readonly Entry[], collectors: number): Field[] {
  return [
    { kind: 'varint', name: 'blocks', value: entries.length },
    ...keyFields(entries.map(({ firstKey }) => firstKey)),
    ...factFields(ENTRY_COLUMNS, entries),
    { kind: 'varint', name: 'collectors', value: collectors },
    ...Array.from({ length: collectors }, (_, collector) =>
      stringFields(
        'statistics',
        entries.map(({ statistics }) => statistics[collector] ?? new Uint8Array(0)),
      ),
    ).flat(),
  ];
}

/** Takes an index, or a partition of one, apart. */
export function readEntries(raw: Uint8Array): { readonly entries: Entry[]; readonly collectors: number } {
  const reader = new FieldReader(raw);
  const count = reader.varint('blocks');
  const keys = readKeys(reader, count);
  const facts = ENTRY_COLUMNS.map((name) => reader.integers(name, count));
  const collectors = reader.varint('collectors');
  const statistics = Array.from({ length: collectors }, () => readStrings(reader, 'statistics', count));
  const entries = keys.map((firstKey, entry) => ({
    firstKey,
    facts: facts.map((column) => column[entry] as number),
    statistics: statistics.map((column) => column[entry] as Uint8Array),
  }));
  return { entries, collectors };
}

/** Returns the fields of a partition table. */
export function tableFields(entries: readonly TableEntry[]): Field[] {
  return [
    { kind: 'varint', name: 'partitions', value: entries.length },
    ...keyFields(entries.map(({ firstKey }) => firstKey)),
    ...factFields(TABLE_COLUMNS, entries),
  ];
}

/** Takes a partition table apart. */
export function readTable(raw: Uint8Array): TableEntry[] {
  const reader = new FieldReader(raw);
  const count = reader.varint('partitions');
  const keys = readKeys(reader, count);
  const facts = TABLE_COLUMNS.map((name) => reader.integers(name, count));
  return keys.map((firstKey, entry) => ({
    firstKey,
    facts: facts.map((column) => column[entry] as number),
  }));
}

function factFields(
  names: readonly string[],
  entries: readonly { readonly facts: readonly number[] }[],
): Field[] {
  return names.map((name, column) => ({
    kind: 'integers',
    name,
    values: entries.map(({ facts }) => facts[column] as number),
  }));
}
