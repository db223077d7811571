/** A file of the file system as a source of ranges. */
import type { FileHandle } from 'node:fs/promises';
import { ClorthoError, throwIfAborted } from '@clortho/base';
import type { SstSource } from './source.ts';

/** Returns a source over an open file, which stays the caller's to close. */
export function fileSource(handle: FileHandle): SstSource {
  return {
    async read(offset, length, signal) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        throwIfAborted(signal);
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) {
          throw new ClorthoError(
            'CLORTHO_CORRUPT',
            `file ends at ${offset + done}: wanted=${offset + length}`,
          );
        }
        done += bytesRead;
      }
      return bytes;
    },
  };
}
