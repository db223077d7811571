import { isClorthoError } from '@clortho/base';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesText } from '../../src/input/bytes-text.ts';

test('hexadecimal and base64 take every byte string there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      for (const options of [{ hex: true }, { base64: true }]) {
        const text = bytesText(options);
        expect(text.parse(text.format(bytes))).toEqual(bytes);
      }
    }),
  );
});

test('UTF-8 takes every well-formed string there and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      const text = bytesText({});
      expect(text.format(text.parse(typed))).toBe(typed);
    }),
  );
});

test.for([
  ['hex', 'abc'],
  ['hex', 'zz'],
  ['base64', 'a'],
  ['base64', 'a b='],
] as const)('%s refuses %j', ([name, text]) => {
  let caught: unknown;
  try {
    bytesText({ [name]: true }).parse(text);
  } catch (error) {
    caught = error;
  }
  expect(isClorthoError(caught, 'CLORTHO_INVALID')).toBe(true);
});
