/** From an operation to the code that serves it. */
import type { Clock, Random } from '@clortho/base';
import { type Bucket, type Buckets, bucketOf, createBucket, deleteBucket, listBuckets } from './buckets.ts';
import { deleteObjects } from './delete-objects.ts';
import type { S3Faults } from './faults.ts';
import { listObjects, listObjectsV2 } from './listing.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
} from './multipart.ts';
import { copyObject, deleteObject, getObject, putObject } from './objects.ts';
import type { S3Operation } from './operation.ts';
import { payloadOf } from './payload.ts';
import type { S3Answer, S3Request } from './s3-request.ts';
import { document } from './xml.ts';

/** What the operations work on. */
export interface RouterContext {
  readonly buckets: Buckets;
  readonly region: string;
  readonly pageKeysMax: number;
  readonly faults: S3Faults;
  readonly clock: Clock;
  readonly random: Random;
}

type Handler = (request: S3Request, bucket: Bucket, context: RouterContext) => S3Answer;

const HANDLERS: Readonly<Record<Exclude<S3Operation, 'ListBuckets' | 'CreateBucket'>, Handler>> = {
  HeadBucket: (_request, _bucket, { region }) => ({
    status: 200,
    headers: { 'x-amz-bucket-region': region },
  }),
  DeleteBucket: (request, _bucket, { buckets }) => deleteBucket(buckets, request.bucket),
  GetBucketLocation: (_request, _bucket, { region }) => ({
    status: 200,
    // The first region goes by no name here.
    body: document('LocationConstraint', [{ xml: region === 'us-east-1' ? '' : region }]),
  }),
  ListObjectsV2: (request, bucket, { pageKeysMax }) => listObjectsV2(bucket, request, pageKeysMax),
  ListObjects: (request, bucket, { pageKeysMax }) => listObjects(bucket, request, pageKeysMax),
  DeleteObjects: (request, bucket, { faults }) =>
    deleteObjects(bucket, request, (key) => faults.onDeleteKey?.(key)),
  ListMultipartUploads: (request, bucket) => listUploads(bucket, request),
  PutObject: (request, bucket, { clock }) => putObject(bucket, request, clock),
  GetObject: (request, bucket) => getObject(bucket, request),
  HeadObject: (request, bucket) => getObject(bucket, request),
  DeleteObject: (request, bucket) => deleteObject(bucket, request),
  CopyObject: (request, bucket, { buckets, clock }) => copyObject(buckets, bucket, request, clock),
  CreateMultipartUpload: (request, bucket, { clock, random }) => createUpload(bucket, request, clock, random),
  UploadPart: (request, bucket, { clock }) => uploadPart(bucket, request, clock),
  CompleteMultipartUpload: (request, bucket, { clock }) => completeUpload(bucket, request, clock),
  AbortMultipartUpload: (request, bucket) => abortUpload(bucket, request),
  ListParts: (request, bucket) => listParts(bucket, request),
};

/**
 * Serves one request in one synchronous step, so that requests are linearizable.
 *
 * @throws {S3Error} what S3 would answer.
 */
export function serve(operation: S3Operation, request: S3Request, context: RouterContext): S3Answer {
  if (operation === 'ListBuckets') return listBuckets(context.buckets);
  if (operation === 'CreateBucket') {
    const configuration = Buffer.from(payloadOf(request).bytes).toString();
    return createBucket(context.buckets, request.bucket, configuration, context.region, context.clock);
  }
  return HANDLERS[operation](request, bucketOf(context.buckets, request.bucket), context);
}
