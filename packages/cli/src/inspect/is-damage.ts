/** Which errors are about the bytes of a file: what else goes wrong has nothing to do with it. */
import { type ClorthoError, isClorthoError } from '@clortho/base';

/** Tells whether an error says that bytes are damaged, or of a kind that this build cannot read. */
export function isDamage(error: unknown): error is ClorthoError {
  return isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED');
}
