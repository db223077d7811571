import { type Clock, systemClock } from '@clortho/base';
import { expect, test } from 'vitest';
import { type S3Request, s3Request } from '../../src/s3-server/s3-request.ts';
import { checkSignature, sha256Hex } from '../../src/s3-server/signature.ts';

// The examples of "Signature Calculations for the Authorization Header" in the S3 API reference.
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const EMPTY = sha256Hex('');
const EXAMPLES = {
  'a range': {
    url: ['GET', '/test.txt'],
    headers: { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY },
    signed: 'host;range;x-amz-content-sha256;x-amz-date',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  'a query without a value': {
    url: ['GET', '/?lifecycle'],
    headers: { 'x-amz-content-sha256': EMPTY },
    signed: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  'a query': {
    url: ['GET', '/?max-keys=2&prefix=J'],
    headers: { 'x-amz-content-sha256': EMPTY },
    signed: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
  'a put of an awkward key': {
    url: ['PUT', '/test%24file.text'],
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': sha256Hex('Welcome to Amazon S3.'),
    },
    signed: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
} as const;

const clock: Clock = { ...systemClock, now: () => Date.UTC(2013, 4, 24, 0, 10) * 1000 };
const scope = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: SECRET, region: 'us-east-1', clock };

function example(name: keyof typeof EXAMPLES): S3Request {
  const { url, headers, signed, signature } = EXAMPLES[name];
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const all = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signed},Signature=${signature}`,
    ...headers,
  };
  return s3Request(url[0], url[1], all, new Uint8Array(0));
}

for (const name of Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[]) {
  test(`accepts the published signature of ${name}, and nothing else`, () => {
    const request = example(name);
    checkSignature(request, scope);
    const refused = (changed: S3Request, code: string, of = scope): void => {
      expect(() => checkSignature(changed, of)).toThrow(expect.objectContaining({ code }));
    };
    const headers = { ...request.headers, host: 'elsewhere' };
    refused({ ...request, headers }, 'SignatureDoesNotMatch');
    refused({ ...request, path: '/other' }, 'SignatureDoesNotMatch');
    refused({ ...request, query: new Map([['a', 'b']]) }, 'SignatureDoesNotMatch');
    refused({ ...request, method: 'DELETE' }, 'SignatureDoesNotMatch');
    refused({ ...request, headers: { ...request.headers, authorization: undefined } }, 'AccessDenied');
    refused(request, 'SignatureDoesNotMatch', { ...scope, secretAccessKey: 'another' });
    refused(request, 'InvalidAccessKeyId', { ...scope, accessKeyId: 'another' });
    refused(request, 'AuthorizationHeaderMalformed', { ...scope, region: 'eu-west-1' });
    refused(request, 'RequestTimeTooSkewed', { ...scope, clock: systemClock });
  });
}
