import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkKey, compareKeys, isKey } from '../src/key.ts';

const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed());

test('keys compare as their UTF-8 bytes', () => {
  fc.assert(
    fc.property(text, text, text, (shared, left, other) => {
      const expected = Buffer.compare(Buffer.from(shared + left), Buffer.from(shared + other));
      expect(Math.sign(compareKeys(shared + left, shared + other))).toBe(expected);
    }),
  );
  expect(compareKeys('\uff5e', '😀')).toBeLessThan(0);
  expect(['😀', '\uff5e'].sort()).toEqual(['😀', '\uff5e']); // The order of JavaScript strings.
});

test('a key has segments, none of them special', () => {
  for (const key of ['a', 'a/b', '...', 'a/..b', '.a', ' ', '\u0000', 'é'.repeat(512)])
    expect(isKey(key)).toBe(true);
  for (const key of [
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    '..',
    'a/..',
    './a',
    'a/./b',
    'é'.repeat(513),
    '\ud83d',
  ]) {
    expect(isKey(key), JSON.stringify(key)).toBe(false);
  }
});

test('a refused key is named in the message, cut to a readable length', () => {
  expect(() => checkKey('a//b')).toThrow('key="a//b"');
  expect(() => checkKey('k'.repeat(5000))).toThrow(/^longer than 1024 bytes: key="k{119}…$/);
  expect(() => checkKey(7 as unknown as string)).toThrow('not a string: key=7');
});
