import { BLOCK_BYTES_MAX } from '../../src/limits.ts';
import type { Section } from '../../src/section.ts';

/** Returns a section of bytes that belong to no file. */
export function sectionOf(bytes: Uint8Array, bytesMax: number = BLOCK_BYTES_MAX): Section {
  return { bytes, offset: 0, name: 'test', fileOffset: 0, bytesMax };
}
