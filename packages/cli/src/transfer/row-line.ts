/** A row as a line of JSON: text where bytes are text, else base64. */
import { encodeUtf8 } from '@clortho/base';
import { damaged, type SealedLine } from './sealed-lines.ts';

/** A row of an export. */
export interface ExportedRow {
  readonly family: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly timestamp: number;
}

/** Returns the line of a row. */
export function rowLine({ family, key, value, timestamp }: ExportedRow): unknown {
  return { family, ...fieldOf('key', key), ...fieldOf('value', value), timestamp };
}

/** Returns the row of a line. @throws {ClorthoError} `CLORTHO_CORRUPT` naming the line. */
export function parseRow(path: string, { line, value }: SealedLine): ExportedRow {
  const fields = value as Readonly<Record<string, unknown>>;
  const { family, timestamp } = fields;
  const [key, bytes] = [bytesOf(fields, 'key'), bytesOf(fields, 'value')];
  const isWhole = typeof family === 'string' && Number.isSafeInteger(timestamp);
  if (!isWhole || key === undefined || bytes === undefined) throw damaged(path, line, 'not a row');
  return { family, key, value: bytes, timestamp: timestamp as number };
}

function fieldOf(name: string, bytes: Uint8Array): Readonly<Record<string, string>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString();
  return buffer.equals(Buffer.from(text))
    ? { [name]: text }
    : { [`${name}Base64`]: buffer.toString('base64') };
}

function bytesOf(fields: Readonly<Record<string, unknown>>, name: string): Uint8Array | undefined {
  const [text, base64] = [fields[name], fields[`${name}Base64`]];
  if (typeof text === 'string') return encodeUtf8(text);
  return typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : undefined;
}
