/**
 * A column family as an open store holds it: what is remembered, bound to the functions the opener brought.
 *
 * Invariants:
 * - A function is bound only if its name and version are the remembered ones.
 */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import {
  type CollectorReference,
  loadCollector,
  loadOperator,
  type MergeOperator,
  type OperatorReference,
  type RangeDeleteIndex,
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
  /** The collectors at hand; remembered ones that the opener did not bring are missing. */
  readonly collectors: readonly CollectorDefinition[];
  readonly collectorReferences: readonly CollectorReference[];
  /** Returns the rules by which versions of this family become values. */
  rulesWith(rangeDeletes: RangeDeleteIndex | undefined): VersionRules;
  /** Tells whether a version of `timestamp` has outlived its time at `at`. */
  isExpired(timestamp: number, at: number): boolean;
}

/** The functions of a family, loaded. */
interface BoundFunctions {
  readonly operator: MergeOperator | undefined;
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
  const { operator, collectors } = await loadFunctions(options);
  return {
    number,
    name,
    kind,
    codec,
    ttlMs: duration(options.ttlMs ?? 0, 'ttlMs'),
    merge: operator === undefined ? undefined : { name: operator.name, version: operator.version },
    statistics: collectors.map((collector, index) => ({
      name: collector.name,
      version: collector.version,
      declaration: declarationOf((options.statistics ?? [])[index]),
    })),
    windowMs: duration(options.log?.windowMs ?? WINDOW_MS, 'log.windowMs'),
    retainMs: duration(options.log?.retainMs ?? 0, 'log.retainMs'),
    retainBytes: duration(options.log?.retainBytes ?? 0, 'log.retainBytes'),
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
  const { operator, collectors } = await loadFunctions({ merge: operatorReference, statistics: references });
  if (operator !== undefined && !sameFunction(record.merge, operator)) {
    throw contradiction(record, 'merge', named(record.merge), named(operator));
  }
  for (const collector of collectors) {
    if (!record.statistics.some((remembered) => sameFunction(remembered, collector))) {
      throw contradiction(record, 'statistics', record.statistics.map(named).join(' '), named(collector));
    }
  }
  const ttlMicros = record.ttlMs === 0 ? undefined : record.ttlMs * 1000;
  const plain: VersionRules = { operator, ttlMicros };
  return {
    record,
    operator,
    operatorReference,
    collectors,
    collectorReferences: references,
    rulesWith: (rangeDeletes) => (rangeDeletes === undefined ? plain : { ...plain, rangeDeletes }),
    isExpired: (timestamp, at) => ttlMicros !== undefined && at - timestamp >= ttlMicros,
  };
}

async function loadFunctions(options: FamilyOptions): Promise<BoundFunctions> {
  const operator = options.merge === undefined ? undefined : await loadOperator(options.merge);
  const collectors = await Promise.all((options.statistics ?? []).map(loadCollector));
  return { operator, collectors };
}

function checkAgainst(record: FamilyRecord, options: FamilyOptions): void {
  const check = (what: string, remembered: string | number, given: string | number | undefined): void => {
    if (given !== undefined && given !== remembered) throw contradiction(record, what, remembered, given);
  };
  check('kind', record.kind, options.kind);
  check('codec', record.codec, options.codec);
  check('ttlMs', record.ttlMs, options.ttlMs);
  check('log.windowMs', record.windowMs, options.log?.windowMs);
  check('log.retainMs', record.retainMs, options.log?.retainMs);
  check('log.retainBytes', record.retainBytes, options.log?.retainBytes);
  if (options.retention === undefined) return;
  const { keepMs, keepSince } = retentionOf(record.kind, options.retention);
  check('retention.keepMs', record.keepMs, keepMs);
  check('retention.since', record.keepSince, keepSince);
}

function contradiction(
  record: FamilyRecord,
  what: string,
  remembered: string | number,
  given: string | number,
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
  { keepMs = 0, since = 0 }: RetentionOptions = {},
): Pick<FamilyRecord, 'keepMs' | 'keepSince'> {
  if (kind === 'log' && (keepMs !== 0 || since !== 0)) {
    throw new ClorthoError('CLORTHO_INVALID', 'retention is for kv families, a log family has log.retainMs');
  }
  return {
    keepMs: duration(keepMs, 'retention.keepMs'),
    keepSince: since === 0 ? 0 : timestampOf(since, 'retention.since'),
  };
}

function oneOf<T extends string>(value: T, known: readonly T[], what: string): T {
  if (known.includes(value)) return value;
  throw new ClorthoError('CLORTHO_INVALID', `${what} is one of ${known.join(', ')}: found=${value}`);
}

function duration(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ClorthoError('CLORTHO_INVALID', `${what} is an integer of zero or more: found=${value}`);
}
