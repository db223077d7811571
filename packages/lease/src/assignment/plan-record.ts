/**
 * What an assigner wants a session to hold: one register per session, so that each reads its own only.
 *
 * Invariants:
 * - A plan carries the token of the assigner that wrote it, and is never overwritten by one with a lower token.
 */
import { integer, listOf, readFields, text, tuple } from '../record/fields.ts';
import { decodeRecord, encodeRecord, type RecordKind } from '../record/record.ts';

/** A plan's record. */
const PLAN_RECORD: RecordKind = { magic: 'CLpl', version: 1, name: 'lease plan' };

/** What a session should hold, and whom it should give what it should not. */
export interface PlanRecord {
  /** The token of the assigner. */
  readonly token: number;
  /** In order. */
  readonly resources: readonly string[];
  /** Resources on their way to another session: name, and the name of that session. */
  readonly leaving: readonly (readonly [resource: string, to: string])[];
}

/** Returns the bytes of a record, owned by the caller. */
export function encodePlan({ token, resources, leaving }: PlanRecord): Uint8Array {
  return encodeRecord(PLAN_RECORD, [token, resources, leaving]);
}

/** Returns the record in `bytes`. @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`. */
export function decodePlan(bytes: Uint8Array, key: string): PlanRecord {
  const [token, resources, leaving] = readFields(
    decodeRecord(PLAN_RECORD, bytes, key),
    [integer, listOf(text), listOf(tuple(text, text))],
    key,
  );
  return { token, resources, leaving };
}
