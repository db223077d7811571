/** One bucket of the server without a wire: requests go straight to the operations. */
import { createHash } from 'node:crypto';
import { seededRandom } from '@clortho/base';
import { virtualClock } from '../../src/index.ts';
import type { S3Faults } from '../../src/s3-server/faults.ts';
import { operationOf } from '../../src/s3-server/operation.ts';
import { type RouterContext, serve } from '../../src/s3-server/router.ts';
import { S3Error } from '../../src/s3-server/s3-error.ts';
import { s3Request } from '../../src/s3-server/s3-request.ts';

/** An answer as a test reads it. */
export interface TestAnswer {
  readonly status: number;
  /** S3's error code, if it is an error. */
  readonly code: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Sends `method url` with a body and headers. */
export type Send = (request: string, body?: string, headers?: Record<string, string>) => TestAnswer;

/** Returns the requests to a server that has the bucket `bkt`. */
export function testBucket(pageKeysMax = 1000): { readonly send: Send; readonly faults: S3Faults } {
  const faults: S3Faults = {};
  const context: RouterContext = {
    buckets: new Map(),
    region: 'us-east-1',
    pageKeysMax,
    faults,
    clock: virtualClock(),
    random: seededRandom(1),
  };
  const send: Send = (line, text = '', headers = {}) => {
    const [method = '', url = ''] = line.split(' ');
    const body = Buffer.from(text);
    const hash = createHash('sha256').update(body).digest('hex');
    try {
      const request = s3Request(method, url, { 'x-amz-content-sha256': hash, ...headers }, body);
      const answer = serve(operationOf(request), request, context);
      const content = Buffer.from(answer.body ?? '').toString();
      return { status: answer.status, code: undefined, headers: answer.headers ?? {}, text: content };
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return { status: error.status, code: error.code, headers: {}, text: error.message };
    }
  };
  send('PUT /bkt');
  return { send, faults };
}
