/** The deletion of many objects in one request. */
import type { Bucket } from './buckets.ts';
import { payloadOf } from './payload.ts';
import { S3Error } from './s3-error.ts';
import { headerOf, type S3Answer, type S3Request } from './s3-request.ts';
import { document, element, elementsOf, textOf } from './xml.ts';

const KEYS_MAX = 1000;

/**
 * Deletes up to 1,000 keys. The request must carry a digest of its body.
 *
 * `refusal` may name an error code for a key, which then stays and is reported on its own.
 */
export function deleteObjects(
  bucket: Bucket,
  request: S3Request,
  refusal: (key: string) => string | undefined,
): S3Answer {
  const { bytes } = payloadOf(request);
  const digests = ['content-md5', 'x-amz-checksum-crc32', 'x-amz-checksum-sha1', 'x-amz-checksum-sha256'];
  if (digests.every((name) => headerOf(request.headers, name) === undefined)) {
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  const xml = Buffer.from(bytes).toString();
  const keys = elementsOf(xml, 'Object').map((object) => textOf(object, 'Key'));
  if (keys.length === 0 || keys.length > KEYS_MAX || keys.includes(undefined)) {
    throw new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed');
  }
  const quiet = textOf(xml, 'Quiet') === 'true';
  const results = keys.flatMap((key = '') => {
    const code = refusal(key);
    if (code !== undefined) {
      return [element('Error', [element('Key', key), element('Code', code), element('Message', code)])];
    }
    bucket.objects.delete(key);
    return quiet ? [] : [element('Deleted', element('Key', key))];
  });
  return { status: 200, body: document('DeleteResult', results) };
}
