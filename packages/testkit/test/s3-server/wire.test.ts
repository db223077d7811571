import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeAwsChunked } from '../../src/s3-server/aws-chunked.ts';
import { S3Error } from '../../src/s3-server/s3-error.ts';
import { document, element, elementsOf, textOf } from '../../src/s3-server/xml.ts';

const body = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });

function framed(chunks: readonly Uint8Array[], trailer: string): Buffer {
  const parts = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

test('a framed body gives back its bytes and trailers', () => {
  fc.assert(
    fc.property(body, (chunks) => {
      const decoded = decodeAwsChunked(framed(chunks, 'X-Amz-Checksum-Crc32: AAAAAA==\r\n'));
      expect(Buffer.compare(decoded.bytes, Buffer.concat(chunks))).toBe(0);
      expect([...decoded.trailers]).toEqual([['x-amz-checksum-crc32', 'AAAAAA==']]);
    }),
  );
});

test('a framed body that ends early is refused, wherever it ends', () => {
  const whole = framed([Buffer.from('first'), Buffer.from('second')], 'a:b\r\n');
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => decodeAwsChunked(whole.subarray(0, length)), `length=${length}`).toThrow(S3Error);
  }
  expect(decodeAwsChunked(whole).bytes.length).toBe(11);
});

test('texts survive XML, whatever they contain', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed());
      const xml = document('Root', [element('Key', text), element('Key', 'second')]);
      expect(textOf(xml, 'Key')).toBe(text);
      expect(elementsOf(xml, 'Key').length).toBe(2);
    }),
  );
  expect(textOf('<A>&#65;&#x42;&amp;&quot;&other;</A>', 'A')).toBe('AB&"&other;');
  expect(textOf('<A></A>', 'B')).toBeUndefined();
});
