/**
 * Timelines: what one key was over time, found by replaying every commit from the first.
 *
 *     commits     put a @1    merge b @4    del @6    del @7    put c @9
 *     timeline    a @1        ab @4         del @6              c @9
 *
 * Replaying is slow and cannot be wrong in an interesting way, which is what a model is for.
 *
 * Invariants:
 * - Versions are in the order of their commits, at most one per commit, merges resolved.
 * - A `del` appears only where a visible value ended; putting an equal value again is a version of its own.
 */
import { ClorthoError, compareBytes, equalBytes } from '@clortho/base';
import { FAMILY_DEFAULT, type ModelCommit, type ModelOperation } from './operation.ts';

/** How the rows of a family behave. */
export interface ModelFamily {
  /** `kv` by default. The horizon of {@link ReferenceModel.truncate} does not apply to a `log`. */
  readonly kind?: 'kv' | 'log' | undefined;
  /** Folds a merge operand onto what is older. Associative; returns bytes of its own. */
  readonly merge?: ((older: Uint8Array, newer: Uint8Array) => Uint8Array) | undefined;
  /** A version is invisible this long after its commit. */
  readonly ttlMs?: number | undefined;
}

/** A resolved version of a key. */
export type ModelVersion = {
  readonly timestamp: number;
  /** The place of its commit among all commits. */
  readonly commit: number;
} & (
  | { readonly kind: 'put'; readonly value: Uint8Array }
  | { readonly kind: 'del'; readonly value: undefined }
);

/** Returns the versions of `key`, oldest first. */
export function timelineOf(
  commits: readonly ModelCommit[],
  name: string,
  family: ModelFamily,
  key: Uint8Array,
): ModelVersion[] {
  const versions: ModelVersion[] = [];
  for (const [commit, { timestamp, operations }] of commits.entries()) {
    const touching = operations.filter((operation) => touches(operation, name, key));
    if (touching.length === 0) continue;
    const before = visibleValue(versions.at(-1), family, timestamp);
    const after = touching.reduce((value, operation) => applied(operation, value, family), before);
    if (after !== undefined) versions.push({ timestamp, commit, kind: 'put', value: after });
    else if (before !== undefined) versions.push({ timestamp, commit, kind: 'del', value: undefined });
  }
  return versions;
}

/** Returns the value that a version shows to a read at the time `at`; `undefined` once it has expired. */
export function visibleValue(
  version: ModelVersion | undefined,
  family: ModelFamily,
  at: number,
): Uint8Array | undefined {
  if (version === undefined) return undefined;
  if (family.ttlMs !== undefined && at >= version.timestamp + family.ttlMs * 1000) return undefined;
  return version.value;
}

/** Returns `merge` of the family. @throws {ClorthoError} `CLORTHO_INVALID` if it has none. */
export function mergeOf(family: ModelFamily): NonNullable<ModelFamily['merge']> {
  if (family.merge !== undefined) return family.merge;
  throw new ClorthoError('CLORTHO_INVALID', 'the family has no merge operator');
}

function touches(operation: ModelOperation, name: string, key: Uint8Array): boolean {
  if ((operation.family ?? FAMILY_DEFAULT) !== name) return false;
  if (operation.type !== 'deleteRange') return equalBytes(operation.key, key);
  return compareBytes(operation.start, key) <= 0 && compareBytes(key, operation.end) < 0;
}

function applied(
  operation: ModelOperation,
  value: Uint8Array | undefined,
  family: ModelFamily,
): Uint8Array | undefined {
  if (operation.type === 'del' || operation.type === 'deleteRange') return undefined;
  if (operation.type === 'put' || value === undefined) return operation.value;
  return mergeOf(family)(value, operation.value);
}
