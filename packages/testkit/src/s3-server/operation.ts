/** Which S3 operation a request asks for. */
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

/** The operations that the server offers, by their names in the S3 API. */
export type S3Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'HeadBucket'
  | 'DeleteBucket'
  | 'GetBucketLocation'
  | 'ListObjectsV2'
  | 'ListObjects'
  | 'DeleteObjects'
  | 'ListMultipartUploads'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'CopyObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts';

const LISTING = ['prefix', 'delimiter', 'encoding-type', 'max-keys'];

/** Per operation: the method, what the URL names, the query names that select it, and those it may have besides. */
const ROUTES: readonly {
  readonly operation: S3Operation;
  readonly route: string;
  readonly needs?: readonly string[];
  readonly allows?: readonly string[];
}[] = [
  { operation: 'ListBuckets', route: 'GET /' },
  { operation: 'CreateBucket', route: 'PUT bucket' },
  { operation: 'HeadBucket', route: 'HEAD bucket' },
  { operation: 'DeleteBucket', route: 'DELETE bucket' },
  { operation: 'GetBucketLocation', route: 'GET bucket', needs: ['location'] },
  {
    operation: 'ListObjectsV2',
    route: 'GET bucket',
    needs: ['list-type'],
    allows: [...LISTING, 'start-after', 'continuation-token', 'fetch-owner'],
  },
  { operation: 'ListObjects', route: 'GET bucket', allows: [...LISTING, 'marker'] },
  { operation: 'DeleteObjects', route: 'POST bucket', needs: ['delete'] },
  {
    operation: 'ListMultipartUploads',
    route: 'GET bucket',
    needs: ['uploads'],
    allows: ['prefix', 'max-uploads'],
  },
  { operation: 'UploadPart', route: 'PUT key', needs: ['uploadId', 'partNumber'] },
  { operation: 'CopyObject', route: 'COPY key' },
  { operation: 'PutObject', route: 'PUT key' },
  {
    operation: 'ListParts',
    route: 'GET key',
    needs: ['uploadId'],
    allows: ['max-parts', 'part-number-marker'],
  },
  { operation: 'GetObject', route: 'GET key' },
  { operation: 'HeadObject', route: 'HEAD key' },
  { operation: 'AbortMultipartUpload', route: 'DELETE key', needs: ['uploadId'] },
  { operation: 'DeleteObject', route: 'DELETE key' },
  { operation: 'CreateMultipartUpload', route: 'POST key', needs: ['uploads'] },
  { operation: 'CompleteMultipartUpload', route: 'POST key', needs: ['uploadId'] },
];

/**
 * Returns the operation of `request`.
 *
 * @throws {S3Error} 501 for one that is not offered: a query name that means nothing here is never ignored.
 */
export function operationOf(request: S3Request): S3Operation {
  const place = request.bucket === '' ? '/' : request.key === '' ? 'bucket' : 'key';
  const copies = request.method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined;
  const asked = `${copies ? 'COPY' : request.method} ${place}`;
  const names = [...request.query.keys()].filter((name) => name !== 'x-id'); // The SDK's own label.
  for (const { operation, route, needs = [], allows = [] } of ROUTES) {
    if (route !== asked || !needs.every((name) => names.includes(name))) continue;
    if (names.every((name) => needs.includes(name) || allows.includes(name))) return operation;
  }
  throw new S3Error(501, 'NotImplemented', `not offered: ${asked} ${names.join(' ')}`);
}
