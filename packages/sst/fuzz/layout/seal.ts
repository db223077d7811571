/** Sealing: from parts to bytes whose every check is right, whatever they say. */
import { checksum, concatBytes } from '@clortho/base';
import { writeUint32 } from '../../src/column/integers.ts';
import { ENVELOPE_BYTES, FOOTER_BYTES, type SettledFile } from './file-parts.ts';
import { packPart, type Role } from './part.ts';

const CHECK_AT = 56;
const MAGIC_AT = 60;
const MAGIC = 0x48_54_4c_43;
const VERSION = 1;
const SECTIONS: readonly Role[] = ['index', 'filter', 'range deletes', 'properties'];

/** Where a part lies in sealed bytes. */
export interface Place {
  readonly role: Role;
  readonly start: number;
  readonly end: number;
}

/** A file and where its parts are; the footer lies behind the last. */
export interface SealedFile {
  readonly bytes: Uint8Array;
  readonly places: readonly Place[];
}

/** Returns the bytes of a file. */
export function seal(file: SettledFile): SealedFile {
  const chunks: Uint8Array[] = [];
  const places: Place[] = [];
  const footer = new Uint8Array(FOOTER_BYTES);
  let codecs = file.codecs;
  let offset = 0;
  for (const part of file.parts) {
    const { payload, codec, rawBytes } = packPart(part);
    const stored = new Uint8Array(payload.length + ENVELOPE_BYTES);
    stored.set(payload);
    stored[payload.length] = codec;
    sealBlock(stored, file.salt, offset);
    const section = SECTIONS.indexOf(part.role);
    if (section >= 0) {
      writeUint32(footer, section * 8, stored.length);
      writeUint32(footer, section * 8 + 4, rawBytes);
    } else if (part.role === 'block') {
      writeUint32(footer, 32, offset + stored.length);
    }
    codecs |= 1 << (codec & 15);
    chunks.push(stored);
    places.push({ role: part.role, start: offset, end: offset + stored.length });
    offset += stored.length;
  }
  writeUint32(footer, 40, file.salt);
  writeUint32(footer, 44, file.required);
  footer[52] = VERSION;
  footer[54] = codecs;
  footer[55] = codecs >>> 8;
  writeUint32(footer, MAGIC_AT, MAGIC);
  sealFooter(footer);
  return { bytes: concatBytes([...chunks, footer]), places };
}

/** Writes the check of a stored block that begins at `offset` of a file. */
export function sealBlock(stored: Uint8Array, salt: number, offset: number): void {
  const at = stored.length - ENVELOPE_BYTES + 1;
  const place = (offset % 2 ** 32) + Math.floor(offset / 2 ** 32);
  writeUint32(stored, at, checksum(stored.subarray(0, at)) ^ salt ^ place);
}

/** Writes the check of a footer. */
export function sealFooter(footer: Uint8Array): void {
  writeUint32(footer, CHECK_AT, checksum(footer.subarray(0, CHECK_AT)));
}
