/** The first line of an export: what it is, of when, and what it has to know of families to make them again. */
import { ClorthoError } from '@clortho/base';
import type { FamilyOptions, FamilyRecord, StoreStats, TimeMode } from '@clortho/engine';
import { damaged, type SealedLine } from './sealed-lines.ts';

/** The name of the format. */
const FORMAT = 'clortho-export';
/** Readers refuse other versions. */
const VERSION = 1;

/** See the module. */
export interface ExportHeader {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** The id of the store. */
  readonly store: string;
  readonly time: TimeMode;
  /** The rows are those of this moment. */
  readonly asOf: number;
  readonly families: readonly FamilyRecord[];
}

/** Returns the header of an export of some families. */
export function exportHeader(
  { id, time }: StoreStats,
  families: readonly FamilyRecord[],
  asOf: number,
): ExportHeader {
  return { format: FORMAT, version: VERSION, store: id, time, asOf, families };
}

/**
 * Returns the header that a line is.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is of something else, `CLORTHO_UNSUPPORTED` if it is of another version,
 *   `CLORTHO_CORRUPT` if parts of it are missing.
 */
export function parseHeader(path: string, first: SealedLine | undefined): ExportHeader {
  const header = (first?.value ?? {}) as Partial<Record<keyof ExportHeader, unknown>>;
  if (header.format !== FORMAT) throw new ClorthoError('CLORTHO_INVALID', `not an export: file=${path}`);
  if (header.version !== VERSION) {
    throw new ClorthoError(
      'CLORTHO_UNSUPPORTED',
      `the export is of another version: file=${path} version=${String(header.version)} known=${VERSION}`,
    );
  }
  if (!Array.isArray(header.families) || !Number.isSafeInteger(header.asOf))
    throw damaged(path, 1, 'the header is not complete');
  return header as unknown as ExportHeader;
}

/**
 * Returns the options with which a family is made again. What its rows need is in them; the merge operator is named, if it
 * is built in.
 *
 * @throws {ClorthoError} `CLORTHO_UNSUPPORTED` if the operator, the filter or a statistic is code that is not here.
 */
export function optionsOf(family: FamilyRecord): FamilyOptions {
  const { name, kind, codec, ttlMs, merge, filter, statistics, windowMs, retainMs, retainBytes } = family;
  const isForeign = merge !== undefined && !BUILT_IN.has(merge.name);
  const code = isForeign ? merge : (filter ?? statistics.find(({ declaration }) => declaration === ''));
  if (code !== undefined) {
    throw new ClorthoError(
      'CLORTHO_UNSUPPORTED',
      `the family needs code that is not here, create it first: family=${name} code=${code.name} v${code.version}`,
    );
  }
  return {
    kind,
    codec,
    ttlMs,
    ...(merge === undefined ? {} : { merge: merge.name }),
    ...(statistics.length === 0
      ? {}
      : { statistics: statistics.map(({ declaration }) => JSON.parse(declaration)) }),
    ...(kind === 'log' ? { log: { windowMs, retainMs, retainBytes } } : kvOptionsOf(family)),
  };
}

/** Earlier exports say nothing of these. */
function kvOptionsOf(family: Partial<FamilyRecord>): FamilyOptions {
  const { keepMs = 0, keepSince = 0, keepVersions = 0, forgetTimestamps = false } = family;
  return { retention: { keepMs, since: keepSince, versions: keepVersions }, forgetTimestamps };
}

const BUILT_IN: ReadonlySet<string> = new Set(['append', 'max', 'min', 'sum']);
