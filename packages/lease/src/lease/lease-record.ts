/**
 * The register of a resource: who owns it, and the highest fencing token that was ever given out.
 *
 * Invariants:
 * - `token` never goes back, and grows with every change of owner: the record outlives releases and crashes.
 * - The register changes with its owner only, never with a renewal: as long as its version stays, so does the owner.
 */
import { integer, readFields, text } from '../record/fields.ts';
import { decodeRecord, encodeRecord, type RecordKind } from '../record/record.ts';
import type { SessionId } from '../session/session-record.ts';

/** A resource's record. */
const LEASE_RECORD: RecordKind = { magic: 'CLle', version: 1, name: 'lease' };

/** What a resource register holds. */
export interface LeaseRecord {
  /** `undefined` if it was released. */
  readonly owner: SessionId | undefined;
  /** The token of the last owner; 0 if there never was one. */
  readonly token: number;
  /** Without an owner: the name of the session that it is kept for, so long as others see it unclaimed. */
  readonly next: string | undefined;
  /** Tells this change from every other. */
  readonly nonce: string;
}

/** Returns the bytes of a record, owned by the caller. */
export function encodeLease({ owner, token, next, nonce }: LeaseRecord): Uint8Array {
  return encodeRecord(LEASE_RECORD, [owner?.name ?? '', owner?.generation ?? 0, token, next ?? '', nonce]);
}

/** Returns the record in `bytes`. @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`. */
export function decodeLease(bytes: Uint8Array, key: string): LeaseRecord {
  const [name, generation, token, next, nonce] = readFields(
    decodeRecord(LEASE_RECORD, bytes, key),
    [text, integer, integer, text, text],
    key,
  );
  return {
    owner: name === '' ? undefined : { name, generation },
    token,
    next: next === '' ? undefined : next,
    nonce,
  };
}
