/** A file system for caches on disk, every call of which a test may refuse. */
import { link, mkdir, open as openFile, readdir, unlink } from 'node:fs/promises';
import type { CacheFileSystem } from '../../src/index.ts';

/** Called before every call; what it throws is what the call throws. */
export type FileHook = (call: 'open' | 'read' | 'write' | 'link' | 'remove', flags?: string) => void;

/** Returns the file system of the machine with `hook` in front of it. */
export function hookedFiles(hook: FileHook): CacheFileSystem {
  return {
    async open(path, flags) {
      hook('open', flags);
      const handle = await openFile(path, flags);
      return {
        async read(target, position) {
          hook('read');
          return (await handle.read(target, 0, target.length, position)).bytesRead;
        },
        async write(bytes, position) {
          hook('write');
          return (await handle.write(bytes, 0, bytes.length, position)).bytesWritten;
        },
        links: async () => (await handle.stat()).nlink,
        close: () => handle.close(),
      };
    },
    async makeDirectory(path) {
      await mkdir(path, { recursive: true });
    },
    list: (path) => readdir(path),
    async link(path, name) {
      hook('link');
      await link(path, name);
    },
    async remove(path) {
      hook('remove');
      await unlink(path);
    },
  };
}

/** Returns what the system says, with its code. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused by the test`), { code });
}
