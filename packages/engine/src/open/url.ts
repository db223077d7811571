/**
 * Store URLs.
 *
 *     memory:            private to the handle           memory:NAME   shared within the process
 *     file:DIR           objects in DIR/objects, registers (LMDB) in DIR/registers
 *     s3://BUCKET/PREFIX                                 registers on S3 beside the objects, one shard
 *     s3://BUCKET/PREFIX?registers=dynamodb://TABLE      registers in a DynamoDB table
 */
import { ClorthoError } from '@clortho/base';

/** A parsed store URL. */
export type StoreLocation =
  | { readonly kind: 'memory'; readonly name: string | undefined }
  | { readonly kind: 'file'; readonly directory: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without leading or trailing slash; may be empty. */
      readonly prefix: string;
      /** The DynamoDB table of the registers; `undefined` keeps them on S3. */
      readonly table: string | undefined;
    };

/**
 * Returns what a store URL names.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it has none of the forms above.
 */
export function parseStoreUrl(url: string): StoreLocation {
  if (url === 'memory:') return { kind: 'memory', name: undefined };
  if (url.startsWith('memory:')) return { kind: 'memory', name: url.slice('memory:'.length) };
  if (url.startsWith('file:')) return { kind: 'file', directory: fileDirectory(url) };
  if (url.startsWith('s3://')) return s3Location(url);
  throw invalidUrl(url, 'expected memory:, file:DIR or s3://BUCKET/PREFIX?registers=dynamodb://TABLE');
}

function fileDirectory(url: string): string {
  const rest = url.slice('file:'.length);
  const directory = rest.startsWith('//') ? decodeURIComponent(new URL(url).pathname) : rest;
  if (directory === '') throw invalidUrl(url, 'the directory is missing');
  return directory;
}

function s3Location(url: string): StoreLocation {
  const match = /^s3:\/\/([^/?#]+)\/?([^?#]*)(?:\?(.*))?$/.exec(url);
  if (match === null) throw invalidUrl(url, 'expected s3://BUCKET/PREFIX?registers=dynamodb://TABLE');
  const [, bucket = '', path = '', query = ''] = match;
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys())
    if (name !== 'registers') throw invalidUrl(url, `unknown parameter ${name}`);
  const registers = parameters.get('registers') ?? undefined;
  const table = registers === undefined ? undefined : /^dynamodb:\/\/([\w.-]{3,255})$/.exec(registers)?.[1];
  if (registers !== undefined && table === undefined) throw invalidUrl(url, 'registers is dynamodb://TABLE');
  return { kind: 's3', bucket, prefix: path.replace(/^\/+|\/+$/g, ''), table };
}

function invalidUrl(url: string, problem: string): ClorthoError {
  return new ClorthoError('CLORTHO_INVALID', `not a store URL, ${problem}: url=${url}`);
}
