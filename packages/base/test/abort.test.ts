import { expect, test } from 'vitest';
import { abortedError, throwIfAborted } from '../src/index.ts';

test('no signal and a quiet signal let the call go on', () => {
  expect(() => throwIfAborted()).not.toThrow();
  expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
});

test('an aborted signal throws, with its reason as the cause', () => {
  const reason = new Error('the user left');
  expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(
    expect.objectContaining({ code: 'CLORTHO_ABORTED', cause: reason }),
  );
});

test('the error can be made without a signal', () => {
  expect(abortedError()).toMatchObject({ code: 'CLORTHO_ABORTED', cause: undefined });
});
