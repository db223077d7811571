/** What requests to S3 and DynamoDB are called, so that faults can be chosen by operation. */
import type { IncomingHttpHeaders } from 'node:http';
import { operationOf } from '../s3-server/operation.ts';
import { S3Error } from '../s3-server/s3-error.ts';
import { s3Request } from '../s3-server/s3-request.ts';

/** Returns `UpdateItem`, `PutObject` and so on; the method of a request that neither protocol knows. */
export function operationName(method: string, url: string, headers: IncomingHttpHeaders): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.slice(target.indexOf('.') + 1);
  try {
    return operationOf(s3Request(method, url, headers, new Uint8Array(0)));
  } catch (error) {
    if (error instanceof S3Error) return method;
    throw error;
  }
}
