/**
 * The register of a session: who renews it, and which of its generations are over.
 *
 *     generation  1 ─────────┐ lapsed, crashed or replaced
 *     generation  2          └──────────────────────────►
 *     settled     1 ················│ 2                      everything below it is over for ever
 *                                   └ the longest duration after generation 2 was seen to begin
 *
 * Invariants:
 * - A generation is over exactly when it lies below `settled`. `settled` never goes back, and is raised only by whoever
 *   knows that the generations below cannot be valid any more: the session itself, or someone who waited.
 * - `beat` grows with every renewal and with nothing else: a change by others is no sign of life.
 */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import { integer, listOf, oneOf, readFields, text, textMap, tuple } from '../record/fields.ts';
import { decodeRecord, encodeRecord, type RecordKind } from '../record/record.ts';

/** A session's record. */
const SESSION_RECORD: RecordKind = { magic: 'CLls', version: 1, name: 'lease session' };

/** Names one life of a session. */
export interface SessionId {
  readonly name: string;
  readonly generation: number;
}

/** `live` while renewed, `ended` by the session itself, `fenced` by another that saw no sign of life. */
export type SessionState = 'live' | 'ended' | 'fenced';

/** Asks the owner of a lease to hand it over. */
export interface Offer {
  readonly resource: string;
  /** The token of the lease; the offer is void for any other. */
  readonly token: number;
  /** The name of the session that should have it. */
  readonly to: string;
}

/** What a session register holds. */
export interface SessionRecord {
  /** From 1. */
  readonly generation: number;
  /** From 1 to `generation` + 1: all generations below are over. */
  readonly settled: number;
  readonly state: SessionState;
  /** How often this generation was renewed. */
  readonly beat: number;
  /** How long others wait without a sign of life: the longest duration of any generation that is not over. */
  readonly durationMs: number;
  /** Names the process: two of them with one session name are told apart by it. */
  readonly nonce: string;
  /** What the session says of itself: an address, a weight. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Left here by others, taken away with the next renewal. */
  readonly offers: readonly Offer[];
}

/** Tells whether nothing of the session can be valid any more. */
export function isAllOver({ generation, settled }: Pick<SessionRecord, 'generation' | 'settled'>): boolean {
  return settled > generation;
}

/** They are written with every renewal, and listed by whoever looks at all sessions. */
const ATTRIBUTE_BYTES_MAX = 16_384;

/** Returns a copy of what a session can say of itself. @throws {ClorthoError} `CLORTHO_INVALID`. */
export function checkedAttributes(attributes: SessionRecord['attributes']): SessionRecord['attributes'] {
  const copy = { ...attributes };
  const wrong = Object.entries(copy).find((entry) => !entry.every((one) => text(one)));
  if (wrong !== undefined || !textMap(copy)) {
    throw new ClorthoError('CLORTHO_INVALID', `an attribute is a string: attribute=${wrong?.[0] ?? ''}`);
  }
  const bytes = encodeUtf8(Object.entries(copy).flat().join('')).length;
  if (bytes <= ATTRIBUTE_BYTES_MAX) return copy;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `attributes are too large: bytes=${bytes} bytesMax=${ATTRIBUTE_BYTES_MAX}`,
  );
}

const STATES: readonly SessionState[] = ['live', 'ended', 'fenced'];

/** Returns the bytes of a record, owned by the caller. */
export function encodeSession(record: SessionRecord): Uint8Array {
  const { generation, settled, state, beat, durationMs, nonce, attributes, offers } = record;
  const listed = offers.map(({ resource, token, to }) => [resource, token, to]);
  return encodeRecord(SESSION_RECORD, [
    generation,
    settled,
    state,
    beat,
    durationMs,
    nonce,
    attributes,
    listed,
  ]);
}

/** Returns the record in `bytes`. @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`. */
export function decodeSession(bytes: Uint8Array, key: string): SessionRecord {
  const [generation, settled, state, beat, durationMs, nonce, attributes, listed] = readFields(
    decodeRecord(SESSION_RECORD, bytes, key),
    [integer, integer, oneOf(STATES), integer, integer, text, textMap, listOf(tuple(text, integer, text))],
    key,
  );
  const isPossible = generation >= 1 && settled >= 1 && settled <= generation + (state === 'live' ? 0 : 1);
  if (!isPossible) {
    throw new ClorthoError(
      'CLORTHO_CORRUPT',
      `a session has impossible generations: register=${key} generation=${generation} settled=${settled}`,
    );
  }
  const offers = listed.map(([resource, token, to]) => ({ resource, token, to }));
  return { generation, settled, state, beat, durationMs, nonce, attributes, offers };
}
