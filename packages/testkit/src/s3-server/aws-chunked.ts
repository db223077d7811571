/**
 * The `aws-chunked` framing with a trailer, as SDKs send streams.
 *
 *     7\r\n  payload  \r\n  0\r\n  x-amz-checksum-crc32:AAAAAA==\r\n  \r\n
 *     length  bytes         end    trailer                           end
 *
 * Invariants:
 * - The framing must be complete; a chunk never reaches past the body.
 */
import { concatBytes } from '@clortho/base';
import { S3Error } from './s3-error.ts';

/** A decoded body. */
export interface AwsChunked {
  readonly bytes: Uint8Array;
  /** Trailer values by lower-case name. */
  readonly trailers: ReadonlyMap<string, string>;
}

/**
 * Returns what the framed `body` carries.
 *
 * @throws {S3Error} 400 `IncompleteBody` if the framing is damaged.
 */
export function decodeAwsChunked(body: Uint8Array): AwsChunked {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  let offset = 0;
  const line = (): string => {
    const end = buffer.indexOf('\r\n', offset);
    if (end < 0) throw damaged();
    const text = buffer.toString('latin1', offset, end);
    offset = end + 2;
    return text;
  };
  const chunks: Uint8Array[] = [];
  for (;;) {
    const size = line().split(';', 1)[0] as string;
    if (!/^[0-9a-f]{1,8}$/i.test(size)) throw damaged();
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    if (offset + length > buffer.length) throw damaged();
    chunks.push(buffer.subarray(offset, offset + length));
    offset += length;
    if (line() !== '') throw damaged();
  }
  const trailers = new Map<string, string>();
  for (let text = line(); text !== ''; text = line()) {
    const colon = text.indexOf(':');
    if (colon < 0) throw damaged();
    trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
  }
  return { bytes: concatBytes(chunks), trailers };
}

function damaged(): S3Error {
  return new S3Error(400, 'IncompleteBody', 'The chunk framing is damaged');
}
