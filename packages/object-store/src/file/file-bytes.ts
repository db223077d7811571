/**
 * Bytes of one file: written durably, read in ranges.
 *
 * A `FileHandle` of `node:fs/promises` costs more than the calls it makes: every step of a small write is handed to
 * a thread and back. Here the steps that only touch memory (write of a small file into the page cache, close) run at
 * once, about 10 us each. Those that wait for the disk go to a thread, making a file among them: on a journaling
 * file system it waits for the journal while another file is flushed.
 *
 * Invariants:
 * - No step on the caller's thread moves more than {@link INLINE_BYTES_MAX} bytes or waits for the disk to be written.
 * - A file descriptor is closed on every path.
 */
import { close, closeSync, fstatSync, fsync, open, read, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { ClorthoError } from '@clortho/base';

/** More bytes than this are written on a thread: copying them would hold up the caller. */
const INLINE_BYTES_MAX = 256 * 1024;

const openFile = promisify(open);
const closeFile = promisify(close);
const flush = promisify(fsync);

/** Makes a new file of `bytes`, on disk when it resolves. Fails if the path exists. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const isSmall = bytes.length <= INLINE_BYTES_MAX;
  const descriptor = await openFile(path, 'wx');
  try {
    for (let written = 0; written < bytes.length; ) {
      written += isSmall
        ? writeSync(descriptor, bytes, written, bytes.length - written)
        : await writePart(descriptor, bytes, written);
    }
    await flush(descriptor);
  } finally {
    if (isSmall) closeSync(descriptor);
    else await closeFile(descriptor);
  }
}

/**
 * Returns the bytes of a file from `offset` to what `endOf` says for its size.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the file shrinks meanwhile; what `endOf` and the system throw.
 */
export async function readRange(
  path: string,
  endOf: (size: number) => number,
  offset: number,
): Promise<Uint8Array> {
  const descriptor = await openFile(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = new Uint8Array(endOf(size) - offset);
    for (let filled = 0; filled < bytes.length; ) {
      const bytesRead = await readPart(descriptor, bytes, filled, offset + filled);
      if (bytesRead === 0) {
        throw new ClorthoError('CLORTHO_CORRUPT', `blob shrank while it was read: path=${path} size=${size}`);
      }
      filled += bytesRead;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/** Makes what was written to a file or directory durable. */
export async function flushPath(path: string): Promise<void> {
  const descriptor = await openFile(path, 'r');
  try {
    await flush(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writePart(descriptor: number, bytes: Uint8Array, start: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, start, bytes.length - start, null, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}

function readPart(descriptor: number, bytes: Uint8Array, start: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, bytes, start, bytes.length - start, position, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(bytesRead);
    });
  });
}
