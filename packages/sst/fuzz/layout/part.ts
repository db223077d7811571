/** Parts: the stored blocks of a file as fields, and how they are packed. */
import { codecById } from '../../src/codec/registry.ts';
import { encodeFields, type Field } from './field.ts';

/** What a stored block is in its file. */
export type Role = 'block' | 'partition' | 'index' | 'filter' | 'range deletes' | 'properties';

/** One stored block. */
export interface Part {
  readonly role: Role;
  /** The codec that its envelope names. */
  readonly codec: number;
  readonly fields: readonly Field[];
  /** What is stored instead of what the codec makes of the fields. */
  readonly payload?: Uint8Array | undefined;
}

/** A stored block but for its check. */
export interface PackedPart {
  readonly payload: Uint8Array;
  readonly codec: number;
  readonly rawBytes: number;
}

const packed = new WeakMap<Part, PackedPart>();

/** Returns the payload of a part; parts are immutable, so that of one packed before is remembered. */
export function packPart(part: Part): PackedPart {
  const known = packed.get(part);
  if (known !== undefined) return known;
  const raw = encodeFields(part.fields);
  const payload = part.payload ?? Uint8Array.from(codecById(part.codec)?.compress(raw) ?? raw);
  const result = { payload, codec: part.codec, rawBytes: raw.length };
  packed.set(part, result);
  return result;
}

/** Returns the part with other fields, packed anew. */
export function withFields(part: Part, fields: readonly Field[]): Part {
  return { role: part.role, codec: part.codec, fields };
}
