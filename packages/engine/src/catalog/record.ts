/**
 * The store record: what a store remembers of its creation and of its families, in one register.
 *
 * Invariants:
 * - The id, the time mode and a family's number, name, kind, operator and lifetime never change.
 * - Family numbers are given out in order and never again; number 0 is `default`.
 */
import { ClorthoError } from '@clortho/base';
import { decodeRecord, encodeRecord, FieldReader, type RecordKind, recordVersion } from '@clortho/manifest';
import type { CodecName } from '@clortho/sst';
import type { FamilyKind, TimeMode } from '../options.ts';

/** The register of the record. */
export const STORE_KEY = 'store';
/** The record's kind and version. */
const STORE_RECORD: RecordKind = { magic: 'CLst', version: 3, oldestVersion: 1, name: 'store record' };
/** The name of the family that every store has. */
export const DEFAULT_FAMILY = 'default';

/** A remembered function: an operator, a filter or a collector. */
export interface NamedVersion {
  readonly name: string;
  readonly version: number;
}

/** A remembered collector; `column` makes a built-in one again without code. */
export interface StatisticRecord extends NamedVersion {
  /** The declaration of a built-in collector as JSON; empty for one that the opener must bring. */
  readonly declaration: string;
}

/** What a store remembers of a family. */
export interface FamilyRecord {
  readonly number: number;
  readonly name: string;
  readonly kind: FamilyKind;
  readonly codec: CodecName;
  /** 0 if rows do not expire. */
  readonly ttlMs: number;
  readonly merge: NamedVersion | undefined;
  readonly statistics: readonly StatisticRecord[];
  /** Of a log family: its window, and its limits, 0 if unlimited. */
  readonly windowMs: number;
  readonly retainMs: number;
  readonly retainBytes: number;
  /** Of a kv family: for how long before the last commit history is kept, and from which time on; 0 if not limited. */
  readonly keepMs: number;
  readonly keepSince: number;
  /** Of a kv family: how many of the newest versions of a key histories list however old they are; 0 for none. */
  readonly keepVersions: number;
  /** Of a kv family: rows below the horizon lose their timestamps. */
  readonly forgetTimestamps: boolean;
  readonly filter: NamedVersion | undefined;
}

/** What a store remembers of itself. */
export interface StoreRecord {
  readonly id: string;
  readonly time: TimeMode;
  readonly families: readonly FamilyRecord[];
}

/** The codecs that a record may name. */
export const CODECS: readonly CodecName[] = ['none', 'lz4', 'deflate', 'zstd'];
/** The kinds of families. */
export const FAMILY_KINDS: readonly FamilyKind[] = ['kv', 'log'];
const TIME_MODES: readonly TimeMode[] = ['clock', 'external'];

/**
 * Returns the bytes of a record, owned by the caller.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the time mode is none: it must not reach a register.
 */
export function encodeStoreRecord(record: StoreRecord): Uint8Array {
  if (!TIME_MODES.includes(record.time)) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `time is one of ${TIME_MODES.join(', ')}: found=${record.time}`,
    );
  }
  return encodeRecord(STORE_RECORD, [
    record.id,
    record.time,
    record.families.map((family) => [
      family.number,
      family.name,
      family.kind,
      family.codec,
      family.ttlMs,
      packNamed(family.merge),
      family.statistics.map(({ name, version, declaration }) => [name, version, declaration]),
      family.windowMs,
      family.retainMs,
      family.retainBytes,
      family.keepMs,
      family.keepSince,
      family.keepVersions,
      family.forgetTimestamps,
      packNamed(family.filter),
    ]),
  ]);
}

/**
 * Returns the record that `bytes` hold.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; `at` names the store in messages.
 */
export function decodeStoreRecord(bytes: Uint8Array, at: string): StoreRecord {
  const fields = new FieldReader(decodeRecord(STORE_RECORD, bytes, at), 3, at);
  const record: StoreRecord = {
    id: fields.text(),
    time: fields.oneOf(TIME_MODES),
    families: fields.list((value) => unpackFamily(value, recordVersion(bytes), at)),
  };
  const numbers = new Set(record.families.map((family) => family.number));
  if (numbers.size !== record.families.length || !numbers.has(0)) {
    throw new ClorthoError('CLORTHO_CORRUPT', `store record has unusable families: at=${at}`);
  }
  return record;
}

function unpackFamily(value: unknown, version: number, at: string): FamilyRecord {
  const hasRetention = version >= 2;
  const hasFilter = version >= 3;
  const fields = new FieldReader(value, hasFilter ? 15 : hasRetention ? 12 : 10, at);
  return {
    number: fields.integer(),
    name: fields.text(),
    kind: fields.oneOf(FAMILY_KINDS),
    codec: fields.oneOf(CODECS),
    ttlMs: fields.integer(),
    merge: fields.list((field) => unpackNamed(field, at))[0],
    statistics: fields.list((field) => {
      const statistic = new FieldReader(field, 3, at);
      return { name: statistic.text(), version: statistic.integer(), declaration: statistic.text() };
    }),
    windowMs: fields.integer(),
    retainMs: fields.integer(),
    retainBytes: fields.integer(),
    keepMs: hasRetention ? fields.integer() : 0,
    keepSince: hasRetention ? fields.integer() : 0,
    keepVersions: hasFilter ? fields.integer() : 0,
    forgetTimestamps: hasFilter ? fields.boolean() : false,
    filter: hasFilter ? fields.list((field) => unpackNamed(field, at))[0] : undefined,
  };
}

function packNamed(named: NamedVersion | undefined): [string, number][] {
  return named === undefined ? [] : [[named.name, named.version]];
}

function unpackNamed(value: unknown, at: string): NamedVersion {
  const fields = new FieldReader(value, 2, at);
  return { name: fields.text(), version: fields.integer() };
}
