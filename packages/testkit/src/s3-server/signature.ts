/**
 * Signature version 4 in the Authorization header, checked as S3 checks it.
 *
 *     key      = HMAC chain over date, region, "s3", "aws4_request"
 *     text     = "AWS4-HMAC-SHA256" \n time \n scope \n sha256(canonical request)
 *     request  = method \n path \n query \n signed headers \n their names \n payload hash
 *
 * Source: AWS Signature Version 4, "Create a signed AWS API request". S3 encodes the path once, not twice.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@clortho/base';
import { S3Error } from './s3-error.ts';
import { headerOf, type S3Request } from './s3-request.ts';

/** Who may ask, where and when. */
export interface SignatureScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly clock: Clock;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;
const SKEW_MS_MAX = 15 * 60 * 1000;

/**
 * Returns normally if the request is signed with the credentials.
 *
 * @throws {S3Error} 403 with S3's codes, 400 if the header is malformed or names another region.
 */
export function checkSignature(request: S3Request, scope: SignatureScope): void {
  const authorization = headerOf(request.headers, 'authorization');
  if (authorization === undefined) throw new S3Error(403, 'AccessDenied', 'Access Denied');
  const parts = AUTHORIZATION.exec(authorization);
  if (parts === null) throw malformed('The authorization header is malformed');
  const [, credential = '', signedHeaders = '', signature = ''] = parts;
  const [accessKeyId, date, region, service, terminator] = credential.split('/');
  if (accessKeyId !== scope.accessKeyId) {
    throw new S3Error(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist');
  }
  if (region !== scope.region)
    throw malformed(`the region '${region}' is wrong; expecting '${scope.region}'`);
  if (service !== 's3' || terminator !== 'aws4_request')
    throw malformed(`the scope '${credential}' is wrong`);

  const time = headerOf(request.headers, 'x-amz-date') ?? '';
  if (date === undefined || !time.startsWith(date))
    throw new S3Error(403, 'AccessDenied', 'x-amz-date is wrong');
  if (Math.abs(epochMs(time) - scope.clock.now() / 1000) > SKEW_MS_MAX) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and now is too large',
    );
  }
  const names = signedHeaders.split(';');
  if (!names.includes('host')) throw malformed('the host header must be signed');

  const scopeText = `${date}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scopeText, sha256Hex(canonicalRequest(request, names))].join('\n');
  const key = [region, 's3', 'aws4_request'].reduce<Buffer>(
    (chain, part) => hmac(chain, part),
    hmac(`AWS4${scope.secretAccessKey}`, date),
  );
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))) {
    throw new S3Error(
      403,
      'SignatureDoesNotMatch',
      'The request signature does not match the one calculated',
    );
  }
}

/** Returns the lower-case hexadecimal SHA-256 of `bytes`. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function canonicalRequest(request: S3Request, names: readonly string[]): string {
  const path = request.path
    .split('/')
    .map((segment) => encode(decodeURIComponent(segment)))
    .join('/');
  const query = [...request.query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = names.map((name) => {
    const value = headerOf(request.headers, name);
    if (value === undefined) throw malformed(`the signed header '${name}' is missing`);
    return `${name}:${value.trim().replace(/ +/g, ' ')}\n`;
  });
  const payload = headerOf(request.headers, 'x-amz-content-sha256') ?? '';
  return [request.method, path, query, headers.join(''), names.join(';'), payload].join('\n');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Reads `20260102T030405Z`; NaN compares as skewed by nothing, so malformed text is refused here. */
function epochMs(time: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  if (parts === null) throw new S3Error(403, 'AccessDenied', 'x-amz-date is malformed');
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function malformed(message: string): S3Error {
  return new S3Error(400, 'AuthorizationHeaderMalformed', message);
}
