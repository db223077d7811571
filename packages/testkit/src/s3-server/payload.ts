/**
 * The bytes a request carries, checked against every digest it names.
 *
 * Invariants:
 * - A body that fails any check has no effect; a digest that cannot be checked is refused, never ignored.
 */
import { createHash } from 'node:crypto';
import { checksum } from '@clortho/base';
import { decodeAwsChunked } from './aws-chunked.ts';
import { S3Error } from './s3-error.ts';
import { headerOf, type S3Request } from './s3-request.ts';
import { sha256Hex } from './signature.ts';

/** A checked payload. */
export interface Payload {
  readonly bytes: Uint8Array;
  /** The CRC-32, in base64, if the request named it. */
  readonly crc32: string | undefined;
}

const STREAMING_UNSIGNED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/**
 * Returns the payload of `request`, freed of its transfer framing.
 *
 * @throws {S3Error} 400 if a digest does not match, 501 for framings and digests that are not offered.
 */
export function payloadOf(request: S3Request): Payload {
  const hash = headerOf(request.headers, 'x-amz-content-sha256');
  if (hash === undefined)
    throw new S3Error(400, 'InvalidRequest', 'Missing required header: x-amz-content-sha256');
  if (hash === STREAMING_UNSIGNED) return streamedPayload(request);
  if (hash.startsWith('STREAMING-')) throw new S3Error(501, 'NotImplemented', `${hash} is not offered`);
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256Hex(request.body)) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 does not match');
  }
  return checkDigests(request.body, (name) => headerOf(request.headers, name));
}

/** Returns the base64 CRC-32 of `bytes`, big-endian, as S3 reports it. */
function crc32Base64(bytes: Uint8Array): string {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(checksum(bytes));
  return digest.toString('base64');
}

function streamedPayload(request: S3Request): Payload {
  const { bytes, trailers } = decodeAwsChunked(request.body);
  const declared = headerOf(request.headers, 'x-amz-decoded-content-length');
  if (Number(declared) !== bytes.length)
    throw new S3Error(400, 'IncompleteBody', 'x-amz-decoded-content-length differs');
  const promised = headerOf(request.headers, 'x-amz-trailer');
  if (promised !== undefined && !trailers.has(promised)) throw new S3Error(400, 'MalformedTrailerError');
  return checkDigests(bytes, (name) => trailers.get(name) ?? headerOf(request.headers, name));
}

function checkDigests(bytes: Uint8Array, header: (name: string) => string | undefined): Payload {
  const md5 = header('content-md5');
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16) throw new S3Error(400, 'InvalidDigest');
    check('Content-MD5', md5, createHash('md5').update(bytes).digest('base64'));
  }
  const crc32 = header('x-amz-checksum-crc32');
  if (crc32 !== undefined) check('CRC32', crc32, crc32Base64(bytes));
  for (const name of ['sha1', 'sha256']) {
    const digest = header(`x-amz-checksum-${name}`);
    if (digest !== undefined) check(name, digest, createHash(name).update(bytes).digest('base64'));
  }
  for (const name of ['crc32c', 'crc64nvme']) {
    if (header(`x-amz-checksum-${name}`) !== undefined)
      throw new S3Error(501, 'NotImplemented', `${name} is not offered`);
  }
  return { bytes, crc32 };
}

function check(name: string, given: string, calculated: string): void {
  if (given !== calculated) throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match`);
}
