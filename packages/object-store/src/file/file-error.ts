/** Errors of the file system as Clortho errors. */
import { ClorthoError, isClorthoError } from '@clortho/base';

/** Tells whether `error` is the system error `code`, such as `ENOENT`. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}

/**
 * Returns the Clortho error for what a file system call threw; Clortho errors stay as they are.
 *
 * A refusal is `CLORTHO_UNAVAILABLE`: permissions and full disks are mended outside the program, after which the
 * same call succeeds.
 */
export function fileError(error: unknown, root: string, path: string): ClorthoError {
  if (isClorthoError(error)) return error;
  const facts = `directory=${root} path=${path}`;
  const because = (code: 'CLORTHO_UNAVAILABLE' | 'CLORTHO_UNSUPPORTED', problem: string): ClorthoError =>
    new ClorthoError(code, `${problem}: ${facts}`, { cause: error });
  if (isSystemError(error, 'EACCES', 'EPERM')) return because('CLORTHO_UNAVAILABLE', 'permission denied');
  if (isSystemError(error, 'EROFS')) return because('CLORTHO_UNAVAILABLE', 'the file system is read-only');
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) return because('CLORTHO_UNAVAILABLE', 'the disk is full');
  if (isSystemError(error, 'ENOTDIR', 'EEXIST')) {
    return new ClorthoError('CLORTHO_INVALID', `a file is where a directory belongs: ${facts}`, {
      cause: error,
    });
  }
  return because('CLORTHO_UNAVAILABLE', `the file system failed (${(error as Error).message})`);
}
