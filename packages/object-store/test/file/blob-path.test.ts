import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blobPath, directoryPath, segmentOf } from '../../src/file/blob-path.ts';
import { isKey } from '../../src/key.ts';

const awkward = fc.constantFrom(
  '.',
  '..',
  '%',
  '%2E',
  '.blob',
  'k'.repeat(66),
  'k'.repeat(198),
  'é',
  '~',
  '\0',
);
const segment = fc
  .array(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 6 })), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('').replaceAll('/', ''))
  .filter(isKey);

test('a path leads back to its segment, and stays inside the root', () => {
  fc.assert(
    fc.property(segment, (text) => {
      for (const path of [blobPath('/root', text), directoryPath('/root', [text])]) {
        expect(path.startsWith('/root/')).toBe(true);
        const names = path.slice('/root/'.length).split('/');
        expect(segmentOf(names)).toBe(text);
        for (const name of names) {
          expect(name).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9._%-]*$/);
          expect(name.length).toBeLessThanOrEqual(255);
        }
      }
    }),
  );
});

test('no two segments share a path, as blob or as directory', () => {
  fc.assert(
    fc.property(segment, segment, (left, right) => {
      fc.pre(left !== right);
      expect(blobPath('/root', left)).not.toBe(blobPath('/root', right));
      expect(directoryPath('/root', [left])).not.toBe(directoryPath('/root', [right]));
      expect(blobPath('/root', left)).not.toBe(directoryPath('/root', [right]));
    }),
  );
});

test('names that this store would not have given are foreign', () => {
  for (const name of [
    '%2.blob',
    'a%62.blob',
    'é.blob',
    'lost+found',
    '.tmp',
    'a b.blob',
    '~.blob',
    '%C3.blob',
  ]) {
    expect(segmentOf([name]), name).toBeUndefined();
  }
  expect(segmentOf(['kk%', 'k.blob'])).toBeUndefined();
});
