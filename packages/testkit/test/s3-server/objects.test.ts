import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { testBucket } from './bucket.ts';

test('buckets are made, listed, and deleted when empty', () => {
  const { send } = testBucket();
  expect(send('PUT /bkt').code).toBe('BucketAlreadyOwnedByYou');
  expect(send('PUT /No').code).toBe('InvalidBucketName');
  const located = (inner: string): string =>
    `<CreateBucketConfiguration>${inner}</CreateBucketConfiguration>`;
  expect(send('PUT /new', located('')).code).toBe('MalformedXML');
  const elsewhere = located('<LocationConstraint>eu-west-1</LocationConstraint>');
  expect(send('PUT /new', elsewhere).code).toBe('IllegalLocationConstraintException');
  expect(send('GET /').text).toContain('<Bucket><Name>bkt</Name>');
  expect(send('HEAD /absent').code).toBe('NoSuchBucket');
  expect(send('GET /bkt?location').text).toContain('</LocationConstraint>');
  send('PUT /bkt/k', 'v');
  expect(send('DELETE /bkt').code).toBe('BucketNotEmpty');
  send('DELETE /bkt/k');
  expect(send('DELETE /bkt').status).toBe(204);
  expect(send('HEAD /bkt').status).toBe(404);
});

test('what is not offered is refused, never ignored', () => {
  const { send } = testBucket();
  for (const line of [
    'PUT /bkt?versioning',
    'GET /bkt/k?acl',
    'GET /bkt/k?versionId=1',
    'PATCH /bkt/k',
    'PUT /bkt/k?tagging',
  ]) {
    expect(send(line)).toMatchObject({ status: 501, code: 'NotImplemented' });
  }
  expect(send('PUT /bkt/k', 'v', { 'x-amz-checksum-crc32c': 'AAAAAA==' }).code).toBe('NotImplemented');
  expect(send('PUT /bkt/k', 'v', { 'if-none-match': '"etag"' }).code).toBe('NotImplemented');
  expect(send(`PUT /bkt/${'k'.repeat(1025)}`, 'v').code).toBe('KeyTooLongError');
  expect(send('PUT /bkt/%zz', 'v').code).toBe('InvalidURI');
});

test('conditions of writes hold for the object in place', () => {
  const { send } = testBucket();
  const etag = createHash('md5').update('one').digest('hex');
  expect(send('PUT /bkt/k', 'one', { 'if-match': etag }).code).toBe('NoSuchKey');
  expect(send('PUT /bkt/k', 'one', { 'if-none-match': '*' }).headers['etag']).toBe(`"${etag}"`);
  expect(send('PUT /bkt/k', 'two', { 'if-none-match': '*' }).status).toBe(412);
  expect(send('PUT /bkt/k', 'two', { 'if-match': '"0"' }).status).toBe(412);
  expect(send('GET /bkt/k').text).toBe('one');
  expect(send('DELETE /bkt/k', '', { 'if-match': '"0"' }).status).toBe(412);
  expect(send('PUT /bkt/k', 'two', { 'if-match': `"${etag}"` }).status).toBe(200);
  expect(send('GET /bkt/k', '', { 'if-match': etag }).status).toBe(412);
  expect(send('GET /bkt/k', '', { 'if-none-match': '*' }).status).toBe(304);
  expect(send('GET /bkt/k').text).toBe('two');
});

test('a body that fails a digest has no effect', () => {
  const { send } = testBucket();
  const wrong: Record<string, [Record<string, string>, string]> = {
    sha256: [{ 'x-amz-content-sha256': '0'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
    md5: [{ 'content-md5': Buffer.alloc(16).toString('base64') }, 'BadDigest'],
    'short md5': [{ 'content-md5': 'AAAA' }, 'InvalidDigest'],
    crc32: [{ 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
    sha1: [{ 'x-amz-checksum-sha1': 'AAAA' }, 'BadDigest'],
  };
  for (const [name, [headers, code]] of Object.entries(wrong)) {
    expect(send('PUT /bkt/k', 'hello', headers), name).toMatchObject({ status: 400, code });
  }
  expect(send('GET /bkt/k').code).toBe('NoSuchKey');
  expect(send('PUT /bkt/k', 'hello', { 'x-amz-checksum-crc32': 'NhCmhg==' }).status).toBe(200);
  const read = send('GET /bkt/k', '', { 'x-amz-checksum-mode': 'ENABLED' });
  expect(read.headers['x-amz-checksum-crc32']).toBe('NhCmhg==');
});

test('ranges are cut as HTTP says', () => {
  const { send } = testBucket();
  send('PUT /bkt/k', '0123456789');
  const at = (range: string): string => {
    const { status, code, text, headers } = send('GET /bkt/k', '', { range });
    return `${code ?? status} ${headers['content-range'] ?? ''} ${code === undefined ? text : ''}`.trim();
  };
  expect(at('bytes=0-0')).toBe('206 bytes 0-0/10 0');
  expect(at('bytes=8-99')).toBe('206 bytes 8-9/10 89');
  expect(at('bytes=7-')).toBe('206 bytes 7-9/10 789');
  expect(at('bytes=-3')).toBe('206 bytes 7-9/10 789');
  expect(at('bytes=-99')).toBe('206 bytes 0-9/10 0123456789');
  expect(at('bytes=10-')).toBe('InvalidRange');
  expect(at('bytes=-0')).toBe('InvalidRange');
  expect(at('pages=1-2')).toBe('200  0123456789');
});

test('a copy takes bytes and headers, or new headers', () => {
  const { send } = testBucket();
  send('PUT /bkt/from', 'v', { 'x-amz-meta-a': '1', 'content-type': 'text/x' });
  send('PUT /bkt/to', '', { 'x-amz-copy-source': 'bkt/from' });
  expect(send('GET /bkt/to')).toMatchObject({
    text: 'v',
    headers: { 'x-amz-meta-a': '1', 'content-type': 'text/x' },
  });
  send('PUT /bkt/to', '', {
    'x-amz-copy-source': '/bkt/from',
    'x-amz-metadata-directive': 'REPLACE',
    'x-amz-meta-b': '2',
  });
  expect(send('HEAD /bkt/to').headers['x-amz-meta-a']).toBeUndefined();
  expect(send('HEAD /bkt/to').headers['x-amz-meta-b']).toBe('2');
  expect(send('PUT /bkt/to', '', { 'x-amz-copy-source': 'bkt/absent' }).code).toBe('NoSuchKey');
});

test('many objects are deleted at once, each with its own outcome', () => {
  const { send, faults } = testBucket();
  for (const key of ['a', 'b', '%26c']) send(`PUT /bkt/${key}`, 'v');
  const xml =
    '<Delete><Object><Key>a</Key></Object><Object><Key>&amp;c</Key></Object><Object><Key>b</Key></Object></Delete>';
  expect(send('POST /bkt?delete', xml).code).toBe('InvalidRequest');
  const digest = { 'content-md5': createHash('md5').update(xml).digest('base64') };
  faults.onDeleteKey = (key) => (key === 'b' ? 'InternalError' : undefined);
  const { text } = send('POST /bkt?delete', xml, digest);
  expect(text).toContain('<Deleted><Key>a</Key></Deleted><Deleted><Key>&#x26;c</Key></Deleted>');
  expect(text).toContain('<Error><Key>b</Key><Code>InternalError</Code>');
  expect(send('HEAD /bkt/b').status).toBe(200);
  expect(send('HEAD /bkt/a').status).toBe(404);
});
