/**
 * Checks AWS Signature Version 4 as the SDK computes it.
 *
 *     key       = HMAC(HMAC(HMAC(HMAC('AWS4' + secret, date), region), service), 'aws4_request')
 *     signature = HMAC(key, algorithm \n time \n scope \n SHA256(canonical request))
 *
 * The age of a request is not checked: the server may run on a virtual clock.
 *
 * Source: AWS General Reference, "Create a signed AWS API request".
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from './service-error.ts';

/** Who may sign, and for where. */
export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** What was signed. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<credential>[^,\s]+),\s*SignedHeaders=(?<names>[^,\s]+),\s*Signature=(?<signature>[0-9a-f]+)$/;

/**
 * Returns normally if `request` was signed by `identity` for the service `dynamodb`.
 *
 * @throws {ServiceError} `MissingAuthenticationTokenException`, `UnrecognizedClientException`,
 *   `InvalidSignatureException`.
 */
export function checkSignature(request: SignedRequest, identity: SigningIdentity): void {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new ServiceError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  }
  const { credential = '', names = '', signature = '' } = AUTHORIZATION.exec(header)?.groups ?? {};
  const [accessKeyId, date = '', region = '', service = '', terminator = ''] = credential.split('/');
  if (accessKeyId !== identity.accessKeyId) {
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  if (region !== identity.region || service !== 'dynamodb' || terminator !== 'aws4_request') {
    throw new ServiceError(
      'InvalidSignatureException',
      `Credential should be scoped to ${identity.region}/dynamodb/aws4_request`,
    );
  }
  const scope = [date, region, service, terminator].join('/');
  const time = String(request.headers['x-amz-date'] ?? '');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonicalRequest(request, names))].join('\n');
  const key = [date, region, service, terminator].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${identity.secretAccessKey}`,
  );
  const expected = hmac(key, toSign);
  const given = Buffer.from(signature, 'hex');
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new ServiceError(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  );
}

function canonicalRequest({ method, path, headers, body }: SignedRequest, names: string): string {
  const [route = '/', query = ''] = path.split('?', 2);
  const lines = names.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  return [method, route, query.split('&').sort().join('&'), lines.join(''), names, sha256(body)].join('\n');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
