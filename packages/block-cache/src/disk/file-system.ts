/**
 * The few calls of a file system that the disk tier makes, as an interface: tests let every one of them fail.
 *
 * A `FileHandle` of `node:fs/promises` costs more than the calls it makes, so that of Node works on descriptors.
 */
import * as fs from 'node:fs';
import { promisify } from 'node:util';

/** An open file. */
export interface CacheFile {
  /** Reads into `target` from `position` on and returns how many bytes, perhaps too few; 0 at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes `bytes` at `position` and returns how many, perhaps too few. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Returns under how many names the file can be found; 0 once it was removed. */
  links(): Promise<number>;
  close(): Promise<void>;
}

/** How files are found. Errors carry the `code` of the system, such as `ENOSPC`. */
export interface CacheFileSystem {
  /** Opens a file that exists for reading (`r`) or both (`r+`), or makes one (`wx`). */
  open(path: string, flags: 'r' | 'r+' | 'wx'): Promise<CacheFile>;
  /** Makes a directory and those above it; one that exists is no error. */
  makeDirectory(path: string): Promise<void>;
  /** Returns the names in a directory. */
  list(path: string): Promise<readonly string[]>;
  /** Gives a file a second name; fails with `EEXIST` if that is taken. */
  link(path: string, name: string): Promise<void>;
  remove(path: string): Promise<void>;
}

const open = promisify(fs.open);
const read = promisify(fs.read);
const write = promisify(fs.write);
const stat = promisify(fs.fstat);
const close = promisify(fs.close);

/** The file system of the machine. */
export const systemFiles: CacheFileSystem = {
  async open(path, flags) {
    const descriptor = await open(path, flags);
    return {
      read: async (target, position) =>
        (await read(descriptor, target, 0, target.length, position)).bytesRead,
      write: async (bytes, position) =>
        (await write(descriptor, bytes, 0, bytes.length, position)).bytesWritten,
      links: async () => (await stat(descriptor)).nlink,
      close: () => close(descriptor),
    };
  },
  async makeDirectory(path) {
    await fs.promises.mkdir(path, { recursive: true });
  },
  list: (path) => fs.promises.readdir(path),
  link: (path, name) => fs.promises.link(path, name),
  remove: (path) => fs.promises.unlink(path),
};

/** Tells whether `error` is one of these errors of the system. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}
