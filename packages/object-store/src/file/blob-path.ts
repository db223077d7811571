/**
 * Where a blob lies in the file tree, and back.
 *
 *     key   shards/0/a b.sst          a
 *     path  shards/0/a%20b.sst.blob   a.blob
 *
 * A file is named after the last segment with `.blob` behind it, so that `a` and `a/b` can both be blobs. A name
 * longer than 200 characters is cut; all pieces but the last are directories that end in `%`, which no
 * whole name does.
 *
 * Invariants:
 * - Names use A-Z a-z 0-9 - _ . and %XX only, and never begin with a dot: nothing leaves the root, nothing is
 *   hidden, and file systems that normalise Unicode see none.
 * - One key has exactly one path. A file whose name is not the path of a key is foreign and ignored.
 */
import { join } from 'node:path';

const BLOB_SUFFIX = '.blob';
const PIECE_MARK = '%';
const PIECE_CHARS = 200; // File systems allow 255 bytes; this leaves room for the suffix.
const PIECE = /(?:%[0-9A-F]{2}|[^%]){1,66}/g; // 66 characters or escapes are at most 198 characters.

/** What a directory entry is: a blob, the directory of a segment, or a piece of a long name. */
export type NameKind = 'blob' | 'directory' | 'piece';

/** Returns the path of the file of `key` below `root`. */
export function blobPath(root: string, key: string): string {
  const segments = key.split('/');
  const last = segments.pop() as string;
  return join(directoryPath(root, segments), ...segmentNames(last, 'blob'));
}

/** Returns the path of the directory that holds the keys below these segments. */
export function directoryPath(root: string, segments: readonly string[]): string {
  return join(root, ...segments.flatMap((segment) => segmentNames(segment, 'directory')));
}

/** Tells what an entry of a directory is, by its name alone. */
export function nameKind(name: string): NameKind {
  if (name.endsWith(BLOB_SUFFIX)) return 'blob';
  return name.endsWith(PIECE_MARK) ? 'piece' : 'directory';
}

/** Returns the segment that these names stand for, or `undefined` if they are foreign. */
export function segmentOf(names: readonly string[]): string | undefined {
  const last = names.at(-1) as string;
  const kind = nameKind(last);
  if (kind === 'piece') return undefined;
  const pieces = names.slice(0, -1).map((name) => name.slice(0, -PIECE_MARK.length));
  pieces.push(kind === 'blob' ? last.slice(0, -BLOB_SUFFIX.length) : last);
  const segment = decode(pieces.join(''));
  if (segment === undefined) return undefined;
  return segmentNames(segment, kind).join('/') === names.join('/') ? segment : undefined;
}

function segmentNames(segment: string, kind: 'blob' | 'directory'): string[] {
  const encoded = encodeURIComponent(segment).replace(/[!'()*~]/g, escape);
  const whole = encoded.length <= PIECE_CHARS ? [encoded] : (encoded.match(PIECE) as string[]);
  const pieces = whole.map((piece) => piece.replace(/^\./, escape));
  const last = pieces.pop() as string;
  // A directory must not look like a blob: `x.blob` becomes `x%2Eblob`.
  const name = kind === 'blob' ? last + BLOB_SUFFIX : last.replace(/\.blob$/, '%2Eblob');
  return [...pieces.map((piece) => piece + PIECE_MARK), name];
}

function escape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
