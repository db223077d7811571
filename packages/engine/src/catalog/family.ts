/**
 * A column family as an open store holds it: what is remembered, bound to the functions the opener brought.
 *
 * Invariants:
 * - A function is bound only if its name and version are the remembered ones.
 */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import {
  type CollectorReference,
  type FilterReference,
  loadCollector,
  loadFilter,
  loadOperator,
  type MergeOperator,
  type OperatorReference,
  type RangeDeleteIndex,
  type RowFilter,
  type VersionRules,
} from '@clortho/compaction';
import type { CollectorDefinition } from '@clortho/sst';
import { timestampOf } from '../input/time.ts';
import type { FamilyKind, FamilyOptions, RetentionOptions } from '../options.ts';
import {
  CODECS,
  FAMILY_KINDS,
  type FamilyRecord,
  type NamedVersion,
  type StatisticRecord,
} from './record.ts';

/** The width of a log window unless told otherwise. */
const WINDOW_MS = 24 * 60 * 60 * 1000;

/** An open family. */
export interface Family {
  readonly record: FamilyRecord;
  /** The merge operator; `undefined` if the family has none or the opener did not bring it. */
  readonly operator: MergeOperator | undefined;
  readonly operatorReference: OperatorReference | undefined;
  readonly filterReference: FilterReference | undefined;
  /** The collectors at hand; remembered ones that the opener did not bring are missing. */
  readonly collectors: readonly CollectorDefinition[];
  readonly collectorReferences: readonly CollectorReference[];
  /** Returns the rules by which versions of this family become values. */
  rulesWith(rangeDeletes: RangeDeleteIndex | undefined): VersionRules;
}

/** The functions of a family, loaded. */
interface BoundFunctions {
  readonly operator: MergeOperator | undefined;
  readonly filter: RowFilter | undefined;
  readonly collectors: readonly CollectorDefinition[];
}

/**
 * Returns what a store will remember of a new family.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if an option is malformed or a function cannot be loaded.
 */
export async function newFamilyRecord(
  number: number,
  name: string,
  options: FamilyOptions,
): Promise<FamilyRecord> {
  if (name === '' || name.length > 255) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a family name has 1 to 255 characters: name=${JSON.stringify(name)}`,
    );
  }
  encodeUtf8(name);
  const kind = oneOf(options.kind ?? 'kv', FAMILY_KINDS, 'kind');
  const codec = oneOf(options.codec ?? 'lz4', CODECS, 'codec');
  const { operator, filter, collectors } = await loadFunctions(options);
  checkTogether(kind, options);
  return {
    number,
    name,
    kind,
    codec,
    ttlMs: whole(options.ttlMs ?? 0, 'ttlMs'),
    merge: operator === undefined ? undefined : { name: operator.name, version: operator.version },
    filter: filter === undefined ? undefined : { name: filter.name, version: filter.version },
    forgetTimestamps: options.forgetTimestamps ?? false,
    statistics: collectors.map((collector, index) => ({
      name: collector.name,
      version: collector.version,
      declaration: declarationOf((options.statistics ?? [])[index]),
    })),
    windowMs: whole(options.log?.windowMs ?? WINDOW_MS, 'log.windowMs'),
    retainMs: whole(options.log?.retainMs ?? 0, 'log.retainMs'),
    retainBytes: whole(options.log?.retainBytes ?? 0, 'log.retainBytes'),
    ...retentionOf(kind, options.retention),
  };
}

/**
 * Returns the open family of a record, with the functions that the opener brought in `options`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the options contradict what is remembered.
 */
export async function bindFamily(record: FamilyRecord, options: FamilyOptions = {}): Promise<Family> {
  checkAgainst(record, options);
  const operatorReference = options.merge ?? builtInOperator(record.merge);
  const references = options.statistics ?? record.statistics.flatMap(declared);
  const { operator, filter, collectors } = await loadFunctions({
    merge: operatorReference,
    filter: options.filter,
    statistics: references,
  });
  if (operator !== undefined && !sameFunction(record.merge, operator)) {
    throw contradiction(record, 'merge', named(record.merge), named(operator));
  }
  if (filter !== undefined && !sameFunction(record.filter, filter)) {
    throw contradiction(record, 'filter', named(record.filter), named(filter));
  }
  for (const collector of collectors) {
    if (!record.statistics.some((remembered) => sameFunction(remembered, collector))) {
      throw contradiction(record, 'statistics', record.statistics.map(named).join(' '), named(collector));
    }
  }
  const ttlMicros = record.ttlMs === 0 ? undefined : record.ttlMs * 1000;
  const filterReference = options.filter ?? missingFilter(record);
  const plain: VersionRules = { operator, ttlMicros, filter: filter ?? missingFilter(record) };
  return {
    record,
    operator,
    operatorReference,
    filterReference,
    collectors,
    collectorReferences: references,
    rulesWith: (rangeDeletes) => (rangeDeletes === undefined ? plain : { ...plain, rangeDeletes }),
  };
}

async function loadFunctions(options: FamilyOptions): Promise<BoundFunctions> {
  const operator = options.merge === undefined ? undefined : await loadOperator(options.merge);
  const filter = options.filter === undefined ? undefined : await loadFilter(options.filter);
  const collectors = await Promise.all((options.statistics ?? []).map(loadCollector));
  return { operator, filter, collectors };
}

function checkAgainst(record: FamilyRecord, options: FamilyOptions): void {
  const check = <T extends string | number | boolean>(
    what: string,
    remembered: T,
    given: T | undefined,
  ): void => {
    if (given !== undefined && given !== remembered) throw contradiction(record, what, remembered, given);
  };
  check('kind', record.kind, options.kind);
  check('codec', record.codec, options.codec);
  check('ttlMs', record.ttlMs, options.ttlMs);
  check('log.windowMs', record.windowMs, options.log?.windowMs);
  check('log.retainMs', record.retainMs, options.log?.retainMs);
  check('log.retainBytes', record.retainBytes, options.log?.retainBytes);
  check('forgetTimestamps', record.forgetTimestamps, options.forgetTimestamps);
  if (options.retention === undefined) return;
  const { keepMs, keepSince, keepVersions } = retentionOf(record.kind, options.retention);
  check('retention.keepMs', record.keepMs, keepMs);
  check('retention.since', record.keepSince, keepSince);
  check('retention.versions', record.keepVersions, keepVersions);
}

function contradiction(
  record: FamilyRecord,
  what: string,
  remembered: string | number | boolean,
  given: string | number | boolean,
): ClorthoError {
  return new ClorthoError(
    'CLORTHO_INVALID',
    `the option contradicts what the family was created with: family=${record.name} option=${what} store=${remembered} given=${given}`,
  );
}

function sameFunction(remembered: NamedVersion | undefined, given: NamedVersion): boolean {
  return remembered?.name === given.name && remembered.version === given.version;
}

function named(function_: NamedVersion | undefined): string {
  return function_ === undefined ? 'none' : `${function_.name}@${function_.version}`;
}

function builtInOperator(remembered: NamedVersion | undefined): OperatorReference | undefined {
  if (remembered === undefined || !BUILT_IN_OPERATORS.has(remembered.name)) return undefined;
  return remembered.name;
}

const BUILT_IN_OPERATORS: ReadonlySet<string> = new Set(['append', 'max', 'min', 'sum']);

/** A built-in collector is declared by plain data, which is remembered; others are code. */
function declarationOf(reference: CollectorReference | undefined): string {
  const isPlain = typeof reference === 'object' && 'type' in reference;
  return isPlain ? JSON.stringify(reference) : '';
}

function declared(statistic: StatisticRecord): CollectorReference[] {
  return statistic.declaration === '' ? [] : [JSON.parse(statistic.declaration) as CollectorReference];
}

function retentionOf(
  kind: FamilyKind,
  { keepMs = 0, since = 0, versions = 0 }: RetentionOptions = {},
): Pick<FamilyRecord, 'keepMs' | 'keepSince' | 'keepVersions'> {
  if (kind === 'log' && (keepMs !== 0 || since !== 0 || versions !== 0)) {
    throw new ClorthoError('CLORTHO_INVALID', 'retention is for kv families, a log family has log.retainMs');
  }
  return {
    keepMs: whole(keepMs, 'retention.keepMs'),
    keepSince: since === 0 ? 0 : timestampOf(since, 'retention.since'),
    keepVersions: whole(versions, 'retention.versions'),
  };
}

/** Throws if options exclude each other. */
function checkTogether(kind: FamilyKind, options: FamilyOptions): void {
  const { filter, forgetTimestamps = false, merge, retention, ttlMs = 0 } = options;
  const given = {
    'kind log': kind === 'log',
    merge: merge !== undefined,
    ttlMs: ttlMs !== 0,
    filter: filter !== undefined,
    forgetTimestamps,
    'retention.versions': (retention?.versions ?? 0) !== 0,
  };
  for (const [left, right, why] of EXCLUSIVE) {
    if (given[left] && given[right])
      throw new ClorthoError('CLORTHO_INVALID', `${left} and ${right} exclude each other: ${why}`);
  }
}

const EXCLUSIVE = [
  ['kind log', 'filter', 'log families are never rewritten, their files expire whole'],
  ['kind log', 'forgetTimestamps', 'log families are never rewritten'],
  ['merge', 'filter', 'what a filter says of an operand depends on how far it is folded'],
  ['ttlMs', 'forgetTimestamps', 'the time to live counts from the timestamp'],
  ['filter', 'forgetTimestamps', 'a filter judges by the timestamp'],
  ['ttlMs', 'retention.versions', 'one ends what the other keeps'],
  ['filter', 'retention.versions', 'one ends what the other keeps'],
] as const;

/** Stands for a filter that the opener did not bring: rows cannot be judged without it. */
function missingFilter({ name: family, filter }: FamilyRecord): RowFilter | undefined {
  if (filter === undefined) return undefined;
  const fail = (): never => {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `the family needs its row filter, name it when opening: family=${family} filter=${named(filter)}`,
    );
  };
  return { ...filter, keep: fail };
}

function oneOf<T extends string>(value: T, known: readonly T[], what: string): T {
  if (known.includes(value)) return value;
  throw new ClorthoError('CLORTHO_INVALID', `${what} is one of ${known.join(', ')}: found=${value}`);
}

function whole(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ClorthoError('CLORTHO_INVALID', `${what} is an integer of zero or more: found=${value}`);
}
