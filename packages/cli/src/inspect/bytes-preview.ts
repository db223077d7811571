/** The beginning of a key or value, on one line. */
import { printable } from '../output/tree.ts';

/** Returns at most `charactersMax` characters of text or hexadecimal; a value of megabytes costs no more than a short one. */
export function bytesPreview(bytes: Uint8Array, charactersMax: number): string {
  return printable(bytes.subarray(0, charactersMax), charactersMax);
}
