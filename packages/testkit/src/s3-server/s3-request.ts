/** Requests and answers of the S3 server, off the wire. */
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';

/** A request, read completely. */
export interface S3Request {
  readonly method: string;
  /** The path as sent, still percent-encoded. */
  readonly path: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  /** The body as sent. */
  readonly body: Uint8Array;
}

/** An answer. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

const KEY_BYTES_MAX = 1024;

/**
 * Returns the request for a URL in path style: `/bucket/key?query`.
 *
 * @throws {S3Error} if the URL is malformed or the key too long.
 */
export function s3Request(
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): S3Request {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const slash = path.indexOf('/', 1);
  const bucket = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decode(path.slice(slash + 1));
  if (Buffer.byteLength(key) > KEY_BYTES_MAX)
    throw new S3Error(400, 'KeyTooLongError', 'Your key is too long');
  return { method, path, bucket, key, query: parseQuery(mark < 0 ? '' : url.slice(mark + 1)), headers, body };
}

/** Returns a header as one string, or `undefined`. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    query.set(decode(name), equals < 0 ? '' : decode(part.slice(equals + 1).replaceAll('+', ' ')));
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(400, 'InvalidURI', 'Could not parse the specified URI');
  }
}
