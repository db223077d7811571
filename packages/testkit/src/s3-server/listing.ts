/**
 * Listings, version 2 and version 1: prefix, delimiter, paging.
 *
 *     keys     a/1  a/2  b  c/1        delimiter /
 *     page     [a/] b [c/]             a group counts as one entry
 *
 * Invariants:
 * - Entries are in byte order of their UTF-8; a page resumes after the last entry, a whole group included.
 */
import { type Bucket, isoTime } from './buckets.ts';
import { S3Error } from './s3-error.ts';
import type { S3Answer, S3Request } from './s3-request.ts';
import { document, element, type Xml } from './xml.ts';

/** The most keys of a page, whatever is asked for. */
export const PAGE_KEYS_MAX = 1000;

interface Page {
  /** Keys, and groups (common prefixes), in order. */
  readonly entries: readonly { readonly name: string; readonly isGroup: boolean }[];
  readonly truncated: boolean;
}

/** Answers ListObjectsV2. */
export function listObjectsV2(bucket: Bucket, request: S3Request, pageKeysMax: number): S3Answer {
  const token = request.query.get('continuation-token');
  const startAfter = request.query.get('start-after') ?? '';
  const position = token === undefined ? { after: startAfter } : decodeToken(token);
  const page = readPage(bucket, request, pageKeysMax, position.after, token !== undefined);
  const text = textEncoding(request);
  const last = page.entries.at(-1)?.name ?? '';
  return answer(bucket, request, page, [
    element('KeyCount', page.entries.length),
    element('StartAfter', text(startAfter)),
    ...(token === undefined ? [] : [element('ContinuationToken', token)]),
    ...(page.truncated ? [element('NextContinuationToken', encodeToken(last))] : []),
  ]);
}

/** Answers ListObjects, version 1. */
export function listObjects(bucket: Bucket, request: S3Request, pageKeysMax: number): S3Answer {
  const marker = request.query.get('marker') ?? '';
  const page = readPage(bucket, request, pageKeysMax, marker, true);
  const text = textEncoding(request);
  const next = page.truncated ? [element('NextMarker', text(page.entries.at(-1)?.name ?? ''))] : [];
  return answer(bucket, request, page, [element('Marker', text(marker)), ...next]);
}

/** Returns a count from the query, at most 1,000. @throws {S3Error} 400 if it is none. */
export function countOf(request: S3Request, name: string): number {
  const count = Number(request.query.get(name) ?? PAGE_KEYS_MAX);
  if (!Number.isInteger(count) || count < 0)
    throw new S3Error(400, 'InvalidArgument', `${name} is not a count`);
  return Math.min(count, PAGE_KEYS_MAX);
}

function readPage(
  bucket: Bucket,
  request: S3Request,
  pageKeysMax: number,
  after: string,
  skipsGroup: boolean,
): Page {
  const prefix = request.query.get('prefix') ?? '';
  const delimiter = request.query.get('delimiter') ?? '';
  const countMax = Math.min(countOf(request, 'max-keys'), pageKeysMax);
  const entries: { name: string; isGroup: boolean }[] = [];
  const afterOrder = byteOrder(after);
  const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix));
  const ordered = keys
    .map((key) => ({ key, order: byteOrder(key) }))
    .filter(({ order }) => order > afterOrder);
  ordered.sort((left, right) => (left.order < right.order ? -1 : 1));
  for (const { key } of ordered) {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = end < 0 ? key : key.slice(0, end + delimiter.length);
    const isGroup = end >= 0;
    if (isGroup && (entries.at(-1)?.name === name || (skipsGroup && after === name))) continue;
    if (entries.length === countMax) return { entries, truncated: countMax > 0 };
    entries.push({ name, isGroup });
  }
  return { entries, truncated: false };
}

function answer(bucket: Bucket, request: S3Request, page: Page, own: readonly Xml[]): S3Answer {
  const text = textEncoding(request);
  const delimiter = request.query.get('delimiter');
  const encoding = request.query.get('encoding-type');
  const contents = page.entries
    .filter((entry) => !entry.isGroup)
    .map(({ name: key }) => {
      const object = bucket.objects.get(key);
      return element('Contents', [
        element('Key', text(key)),
        element('LastModified', isoTime(object?.modifiedMs ?? 0)),
        element('ETag', `"${object?.etag ?? ''}"`),
        element('Size', object?.bytes.length ?? 0),
        element('StorageClass', 'STANDARD'),
      ]);
    });
  const groups = page.entries.filter((entry) => entry.isGroup);
  const body = document('ListBucketResult', [
    element('Name', request.bucket),
    element('Prefix', text(request.query.get('prefix') ?? '')),
    ...(delimiter === undefined ? [] : [element('Delimiter', text(delimiter))]),
    ...(encoding === undefined ? [] : [element('EncodingType', encoding)]),
    element('MaxKeys', countOf(request, 'max-keys')),
    element('IsTruncated', page.truncated),
    ...own,
    ...contents,
    ...groups.map((group) => element('CommonPrefixes', element('Prefix', text(group.name)))),
  ]);
  return { status: 200, body };
}

/** With `encoding-type=url`, S3 encodes as forms do: a space is `+`, and `/` stays. */
function textEncoding(request: S3Request): (text: string) => string {
  const encoding = request.query.get('encoding-type');
  if (encoding === undefined) return (text) => text;
  if (encoding !== 'url') throw new S3Error(400, 'InvalidArgument', 'encoding-type is not url');
  return (text) => encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/');
}

/** Returns text whose order by code unit is the byte order of the key. */
function byteOrder(key: string): string {
  return Buffer.from(key).toString('latin1');
}

function encodeToken(after: string): string {
  return Buffer.from(after).toString('base64url');
}

function decodeToken(token: string): { after: string } {
  const after = Buffer.from(token, 'base64url').toString();
  if (after === '' || encodeToken(after) !== token) {
    throw new S3Error(400, 'InvalidArgument', 'The continuation token provided is incorrect');
  }
  return { after };
}
