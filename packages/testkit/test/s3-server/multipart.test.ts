import { expect, test } from 'vitest';
import { elementsOf, textOf } from '../../src/s3-server/xml.ts';
import { type Send, type TestAnswer, testBucket } from './bucket.ts';

const FULL_PART = 'x'.repeat(5 * 1024 * 1024);

function begin(send: Send): {
  id: string;
  put: (number: number, body: string) => string;
  complete: Complete;
} {
  const id = textOf(send('POST /bkt/k?uploads').text, 'UploadId') ?? '';
  return {
    id,
    put: (number, body) =>
      send(`PUT /bkt/k?partNumber=${number}&uploadId=${id}`, body).headers['etag'] ?? 'none',
    complete: (parts, headers) => {
      const xml = parts.map(
        ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
      );
      return send(
        `POST /bkt/k?uploadId=${id}`,
        `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`,
        headers,
      );
    },
  };
}

type Complete = (
  parts: readonly (readonly [number, string])[],
  headers?: Record<string, string>,
) => TestAnswer;

test('parts become one object at completion, and not before', () => {
  const { send } = testBucket();
  const upload = begin(send);
  const second = upload.put(7, 'end');
  const first = upload.put(2, FULL_PART);
  const listed = send(`GET /bkt/k?uploadId=${upload.id}`).text;
  expect(elementsOf(listed, 'PartNumber')).toEqual(['2', '7']);
  expect(send('GET /bkt?uploads').text).toContain(upload.id);
  expect(send('HEAD /bkt/k').status).toBe(404);
  const { text } = upload.complete([
    [2, first],
    [7, second],
  ]);
  expect(textOf(text, 'ETag')).toMatch(/^"[0-9a-f]{32}-2"$/);
  expect(send('GET /bkt/k').text).toBe(`${FULL_PART}end`);
  expect(upload.complete([[2, first]]).code).toBe('NoSuchUpload');
});

test('a completion names its parts exactly', () => {
  const { send } = testBucket();
  const upload = begin(send);
  const small = upload.put(1, 'small');
  const last = upload.put(2, 'last');
  const codeOf = (...parts: [number, string][]): string | undefined => upload.complete(parts).code;
  expect(codeOf()).toBe('MalformedXML');
  expect(codeOf([2, last], [1, small])).toBe('InvalidPartOrder');
  expect(codeOf([1, last])).toBe('InvalidPart');
  expect(codeOf([3, last])).toBe('InvalidPart');
  expect(codeOf([1, small], [2, last])).toBe('EntityTooSmall');
  send('PUT /bkt/k', 'in place');
  expect(upload.complete([[2, last]], { 'if-none-match': '*' }).code).toBe('PreconditionFailed');
  expect(send('GET /bkt/k').text).toBe('in place');
  expect(codeOf([2, last])).toBeUndefined();
  expect(send('GET /bkt/k').text).toBe('last');
});

test('an aborted upload is gone', () => {
  const { send } = testBucket();
  const { id } = begin(send);
  expect(send(`PUT /bkt/k?partNumber=0&uploadId=${id}`, 'v').code).toBe('InvalidArgument');
  expect(send(`PUT /bkt/other?partNumber=1&uploadId=${id}`, 'v').code).toBe('NoSuchUpload');
  expect(send(`DELETE /bkt/k?uploadId=${id}`).status).toBe(204);
  expect(send(`PUT /bkt/k?partNumber=1&uploadId=${id}`, 'v').code).toBe('NoSuchUpload');
});
