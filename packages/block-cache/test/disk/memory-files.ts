/** A file system in memory that can be copied, damaged and made to fail. */
import type { CacheFile, CacheFileSystem } from '../../src/index.ts';

/** Which call is about to be made. */
export type Call =
  | 'open'
  | 'read'
  | 'write'
  | 'links'
  | 'close'
  | 'makeDirectory'
  | 'list'
  | 'link'
  | 'remove';

/** What becomes of a call: an error of the system with this code, or only so many bytes of a read or write. */
export type Fault = string | { readonly bytes: number } | undefined;

interface Inode {
  /** Its bytes; they may be the beginning of a longer buffer, all zeros after them. */
  bytes: Uint8Array;
  links: number;
}

/** Files by path; an open one lives on without a name. */
export class MemoryFiles implements CacheFileSystem {
  readonly names = new Map<string, Inode>();
  /** Asked before every call. */
  fault: (call: Call, position: number) => Fault = () => undefined;
  /** Called after every write. */
  onWrite: () => void = () => undefined;
  /** Awaited before every call. */
  gate: (call: Call) => Promise<void> = () => Promise.resolve();
  bytesRead = 0;
  writes = 0;
  openFiles = 0;
  /** Calls for a file that was closed meanwhile: with real descriptors they may reach another file. */
  usesAfterClose = 0;

  /** Returns what a process that starts now finds after all others were killed. */
  copy(): MemoryFiles {
    const copy = new MemoryFiles();
    for (const [name, { bytes }] of this.names) copy.names.set(name, { bytes: bytes.slice(), links: 1 });
    return copy;
  }

  /** How many bytes all files with a name have. */
  get totalBytes(): number {
    return [...this.names.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** The only file. */
  get content(): Uint8Array {
    const [file, ...others] = this.names.values();
    if (file === undefined || others.length > 0)
      throw new Error(`expected one file: ${[...this.names.keys()].join(', ')}`);
    return file.bytes;
  }

  set content(bytes: Uint8Array) {
    for (const file of this.names.values()) file.bytes = bytes;
  }

  async open(path: string, flags: 'r' | 'r+' | 'wx'): Promise<CacheFile> {
    await this.#enter('open');
    const found = this.names.get(path);
    if (flags === 'wx' && found !== undefined) throw systemError('EEXIST');
    if (flags !== 'wx' && found === undefined) throw systemError('ENOENT');
    const inode = found ?? { bytes: new Uint8Array(0), links: 1 };
    this.names.set(path, inode);
    this.openFiles += 1;
    let isOpen = true;
    const enter = async (call: Call, position = 0): Promise<number> => {
      const most = await this.#enter(call, position);
      if (!isOpen) {
        this.usesAfterClose += 1;
        throw new Error(`${call} of a closed file`);
      }
      return most;
    };
    return {
      read: async (target, position) => {
        const most = await enter('read', position);
        const bytes = inode.bytes.subarray(position, position + Math.min(target.length, most));
        target.set(bytes);
        this.bytesRead += bytes.length;
        return bytes.length;
      },
      write: async (bytes, position) => {
        if (flags === 'r') throw systemError('EBADF');
        const most = await enter('write', position);
        const part = bytes.subarray(0, most);
        grow(inode, position + part.length);
        inode.bytes.set(part, position);
        this.writes += 1;
        this.onWrite();
        return part.length;
      },
      links: async () => {
        await enter('links');
        return inode.links;
      },
      close: async () => {
        try {
          await enter('close');
        } finally {
          // As in POSIX systems, the file is closed even if that fails.
          isOpen = false;
          this.openFiles -= 1;
        }
      },
    };
  }

  async makeDirectory(): Promise<void> {
    await this.#enter('makeDirectory');
  }

  async list(directory: string): Promise<string[]> {
    await this.#enter('list');
    return [...this.names.keys()].map((path) => path.slice(directory.length + 1));
  }

  async link(path: string, name: string): Promise<void> {
    await this.#enter('link');
    const inode = this.names.get(path);
    if (inode === undefined) throw systemError('ENOENT');
    if (this.names.has(name)) throw systemError('EEXIST');
    inode.links += 1;
    this.names.set(name, inode);
  }

  async remove(path: string): Promise<void> {
    await this.#enter('remove');
    const inode = this.names.get(path);
    if (inode === undefined) throw systemError('ENOENT');
    inode.links -= 1;
    this.names.delete(path);
  }

  // A turn of the event loop, so that calls interleave, then the fault, then the call itself.
  async #enter(call: Call, position = 0): Promise<number> {
    await this.gate(call);
    const fault = this.fault(call, position);
    if (typeof fault === 'string') throw systemError(fault);
    return fault?.bytes ?? Number.POSITIVE_INFINITY;
  }
}

function grow(inode: Inode, length: number): void {
  const { bytes } = inode;
  if (length <= bytes.length) return;
  if (bytes.byteOffset + length <= bytes.buffer.byteLength) {
    inode.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    return;
  }
  const longer = new Uint8Array(length * 2);
  longer.set(bytes);
  inode.bytes = longer.subarray(0, length);
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
