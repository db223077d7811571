import { expect, test } from 'vitest';
import { ClorthoError, isClorthoError } from '../src/index.ts';

test('an error carries its code, its message and what caused it', () => {
  const cause = new Error('disk');
  const error = new ClorthoError('CLORTHO_CORRUPT', 'block checksum mismatch: offset=7', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'ClorthoError',
    code: 'CLORTHO_CORRUPT',
    message: 'block checksum mismatch: offset=7',
    cause,
  });
});

test('an error without a cause has no cause property', () => {
  expect('cause' in new ClorthoError('CLORTHO_CLOSED', 'the store is closed')).toBe(false);
});

test('codes are recognized whichever copy of the package threw them', () => {
  const foreign = Object.assign(new Error('fenced'), { code: 'CLORTHO_FENCED' });
  expect(isClorthoError(foreign)).toBe(true);
  expect(isClorthoError(foreign, 'CLORTHO_FENCED')).toBe(true);
  expect(isClorthoError(foreign, 'CLORTHO_CONFLICT')).toBe(false);
});

test.each([
  ['an error of the system', Object.assign(new Error('gone'), { code: 'ENOENT' })],
  ['an error with a number for a code', Object.assign(new Error('gone'), { code: 7 })],
  ['an error without a code', new Error('gone')],
  ['a plain object', { code: 'CLORTHO_FENCED' }],
  ['nothing', undefined],
])('%s is not one of ours', (_, error) => {
  expect(isClorthoError(error)).toBe(false);
});
