import fc from 'fast-check';
import { expect, test } from 'vitest';
import { elementsOf, textOf } from '../../src/s3-server/xml.ts';
import { type Send, testBucket } from './bucket.ts';

/** Lists everything, page by page: keys, and groups in brackets, in the order of the pages. */
function listAll(send: Send, query: Record<string, string>, version: 1 | 2): string[] {
  const entries: string[] = [];
  let position: Record<string, string> = {};
  for (let pages = 0; pages < 100; pages += 1) {
    const parameters = new URLSearchParams({
      ...(version === 2 ? { 'list-type': '2' } : {}),
      ...query,
      ...position,
    });
    const { text } = send(`GET /bkt?${parameters.toString()}`);
    const page = [
      ...elementsOf(text, 'Contents').map((item) => textOf(item, 'Key') ?? ''),
      ...elementsOf(text, 'CommonPrefixes').map((item) => `[${textOf(item, 'Prefix')}]`),
    ];
    entries.push(...page);
    if (textOf(text, 'IsTruncated') !== 'true') return entries;
    expect(page.length).toBeGreaterThan(0);
    position =
      version === 2
        ? { 'continuation-token': textOf(text, 'NextContinuationToken') ?? '' }
        : { marker: textOf(text, 'NextMarker') ?? '' };
  }
  throw new Error('paging does not end');
}

const bytes = (text: string): Buffer => Buffer.from(text.replace(/^\[(.*)\]$/, '$1'));
const byteOrder = (left: string, right: string): number => Buffer.compare(bytes(left), bytes(right));

test('pages of any size add up to the whole listing, in byte order, groups once', () => {
  const key = fc
    .array(fc.constantFrom('a', 'b', '/', '-', '0', 'é', '\uff5e', '😀', ' ', '+'), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 20 }),
      fc.constantFrom('', 'a', 'a/', 'b/'),
      fc.boolean(),
      fc.constantFrom(1, 2, 3, 1000),
      fc.constantFrom<1 | 2>(1, 2),
      (keys, prefix, grouped, maxKeys, version) => {
        const { send } = testBucket();
        for (const name of keys) send(`PUT /bkt/${encodeURIComponent(name)}`, 'v');
        const expected = new Set<string>();
        for (const name of keys.filter((candidate) => candidate.startsWith(prefix))) {
          const end = grouped ? name.indexOf('/', prefix.length) : -1;
          expected.add(end < 0 ? name : `[${name.slice(0, end + 1)}]`);
        }
        const query = { prefix, 'max-keys': String(maxKeys), ...(grouped ? { delimiter: '/' } : {}) };
        const listed = listAll(send, query, version);
        expect([...listed].sort(byteOrder)).toEqual([...expected].sort(byteOrder));
        if (!grouped) expect(listed).toEqual([...expected].sort(byteOrder));
      },
    ),
  );
});

test('a listing starts after a key, encodes names as forms do, and refuses nonsense', () => {
  const { send } = testBucket(2);
  for (const key of ['a', 'b c', 'd/e+f']) send(`PUT /bkt/${encodeURIComponent(key)}`, 'v');
  const { text } = send('GET /bkt?list-type=2&start-after=a&encoding-type=url');
  expect(elementsOf(text, 'Key')).toEqual(['b+c', 'd/e%2Bf']);
  expect(textOf(send('GET /bkt?list-type=2').text, 'IsTruncated')).toBe('true');
  expect(textOf(send('GET /bkt?list-type=2&max-keys=0').text, 'KeyCount')).toBe('0');
  expect(send('GET /bkt?list-type=2&max-keys=x').code).toBe('InvalidArgument');
  expect(send('GET /bkt?list-type=2&continuation-token=!').code).toBe('InvalidArgument');
  expect(send('GET /bkt?list-type=2&encoding-type=rot13').code).toBe('InvalidArgument');
});
