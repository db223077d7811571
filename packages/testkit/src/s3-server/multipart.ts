/**
 * Multipart uploads: parts gather aside and become one object at completion.
 *
 * Invariants:
 * - Nothing is visible under the key before completion, and completion is one step.
 */
import { createHash } from 'node:crypto';
import { type Clock, concatBytes, type Random } from '@clortho/base';
import { type Bucket, isoTime, type StoredObject, type Upload } from './buckets.ts';
import { checkWriteConditions } from './conditions.ts';
import { countOf } from './listing.ts';
import { checksumHeader, keptHeaders, storedObject } from './objects.ts';
import { payloadOf } from './payload.ts';
import { S3Error } from './s3-error.ts';
import type { S3Answer, S3Request } from './s3-request.ts';
import { document, element, elementsOf, textOf } from './xml.ts';

/** The smallest part that is not the last. */
const PART_BYTES_MIN = 5 * 1024 * 1024;
const PART_NUMBER_MAX = 10_000;

/** Begins an upload. */
export function createUpload(bucket: Bucket, request: S3Request, clock: Clock, random: Random): S3Answer {
  const id = [0, 1, 2, 3].map(() => random.uint32().toString(16).padStart(8, '0')).join('');
  const initiatedMs = clock.now() / 1000;
  const headers = keptHeaders(request.headers);
  bucket.uploads.set(id, { key: request.key, initiatedMs, headers, parts: new Map() });
  const result = [element('Bucket', request.bucket), element('Key', request.key), element('UploadId', id)];
  return { status: 200, body: document('InitiateMultipartUploadResult', result) };
}

/** Stores one part, replacing an earlier one of its number. */
export function uploadPart(bucket: Bucket, request: S3Request, clock: Clock): S3Answer {
  const upload = uploadOf(bucket, request);
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > PART_NUMBER_MAX) {
    throw new S3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000');
  }
  const part = storedObject(payloadOf(request), {}, clock);
  upload.parts.set(number, part);
  return { status: 200, headers: { etag: `"${part.etag}"`, ...checksumHeader(part) } };
}

/** Joins the parts that the request names into the object. */
export function completeUpload(bucket: Bucket, request: S3Request, clock: Clock): S3Answer {
  const upload = uploadOf(bucket, request);
  const parts = namedParts(upload, Buffer.from(payloadOf(request).bytes).toString());
  checkWriteConditions(request.headers, bucket.objects.get(upload.key));
  const digests = concatBytes(parts.map((part) => Buffer.from(part.etag, 'hex')));
  const etag = `${createHash('md5').update(digests).digest('hex')}-${parts.length}`;
  bucket.objects.set(upload.key, {
    bytes: concatBytes(parts.map((part) => part.bytes)),
    etag,
    modifiedMs: clock.now() / 1000,
    headers: upload.headers,
    crc32: undefined,
  });
  bucket.uploads.delete(request.query.get('uploadId') as string);
  const result = [
    element('Location', `/${request.bucket}/${upload.key}`),
    element('Bucket', request.bucket),
    element('Key', upload.key),
    element('ETag', `"${etag}"`),
  ];
  return { status: 200, body: document('CompleteMultipartUploadResult', result) };
}

/** Forgets an upload and its parts. */
export function abortUpload(bucket: Bucket, request: S3Request): S3Answer {
  uploadOf(bucket, request);
  bucket.uploads.delete(request.query.get('uploadId') as string);
  return { status: 204 };
}

/** Lists the parts of an upload by number. */
export function listParts(bucket: Bucket, request: S3Request): S3Answer {
  const upload = uploadOf(bucket, request);
  const after = Number(request.query.get('part-number-marker') ?? 0);
  const countMax = countOf(request, 'max-parts');
  const numbers = [...upload.parts.keys()]
    .filter((number) => number > after)
    .sort((left, right) => left - right);
  const page = numbers.slice(0, countMax);
  const parts = page.map((number) => {
    const part = upload.parts.get(number) as StoredObject;
    return element('Part', [
      element('PartNumber', number),
      element('LastModified', isoTime(part.modifiedMs)),
      element('ETag', `"${part.etag}"`),
      element('Size', part.bytes.length),
    ]);
  });
  const body = document('ListPartsResult', [
    element('Bucket', request.bucket),
    element('Key', upload.key),
    element('UploadId', request.query.get('uploadId') ?? ''),
    element('PartNumberMarker', after),
    element('NextPartNumberMarker', page.at(-1) ?? after),
    element('MaxParts', countMax),
    element('IsTruncated', numbers.length > page.length),
    ...parts,
  ]);
  return { status: 200, body };
}

/** Lists all uploads under way, in one page. */
export function listUploads(bucket: Bucket, request: S3Request): S3Answer {
  const prefix = request.query.get('prefix') ?? '';
  const uploads = [...bucket.uploads].filter(([, upload]) => upload.key.startsWith(prefix));
  const entries = uploads.map(([id, upload]) =>
    element('Upload', [
      element('Key', upload.key),
      element('UploadId', id),
      element('Initiated', isoTime(upload.initiatedMs)),
    ]),
  );
  const facts = [element('Bucket', request.bucket), element('IsTruncated', false)];
  return { status: 200, body: document('ListMultipartUploadsResult', [...facts, ...entries]) };
}

function uploadOf(bucket: Bucket, request: S3Request): Upload {
  const upload = bucket.uploads.get(request.query.get('uploadId') ?? '');
  if (upload?.key !== request.key)
    throw new S3Error(404, 'NoSuchUpload', 'The specified upload does not exist');
  return upload;
}

function namedParts(upload: Upload, xml: string): StoredObject[] {
  const named = elementsOf(xml, 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: textOf(part, 'ETag')?.replaceAll('"', ''),
  }));
  if (named.length === 0) throw new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed');
  if (named.some(({ number }, index) => number <= (named[index - 1]?.number ?? 0))) {
    throw new S3Error(400, 'InvalidPartOrder', 'The parts are not in ascending order');
  }
  return named.map(({ number, etag }, index) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== etag)
      throw new S3Error(400, 'InvalidPart', `part ${number} differs`);
    if (part.bytes.length < PART_BYTES_MIN && index < named.length - 1) {
      throw new S3Error(
        400,
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
      );
    }
    return part;
  });
}
