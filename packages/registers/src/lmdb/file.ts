/**
 * What must hold of a file before LMDB may map it.
 *
 * LMDB trusts its file: the binding dies on a signal when it maps foreign or truncated bytes. So the two meta
 * pages are looked at first. All integers are little-endian; P is the page size.
 *
 *     offset in the file   0                                P
 *                          +--------------------------------+--------------------------------+-- …
 *                          | page header 24 | meta record   | page header 24 | meta record   |
 *                          +--------------------------------+--------------------------------+-- …
 *
 *     offset in the meta record
 *       0 magic u32 = 0xbeefc0de | 4 version u32 = 2 | 24 P u32 | 64 root page of the free list u64
 *       112 root page of the registers u64 | 128 transaction u64
 *
 * Source: `MDB_meta` in `mdb.c` of the LMDB that the npm package `lmdb` 3 builds.
 *
 * Invariants:
 * - A file that passes has both meta pages, and the roots of the latest one lie inside the file.
 * - Nothing is written.
 */
import { open } from 'node:fs/promises';
import { ClorthoError } from '@clortho/base';

const PAGE_HEADER_BYTES = 24;
const META_BYTES = 136;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 65_536;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/**
 * Checks that `path` is an LMDB file of the right version, or empty as one that is just being created.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if it is something else, or too short for its own roots; file
 *   system errors as they come.
 */
export async function checkLmdbFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    if ((await file.stat()).size === 0) return;
    const readMeta = async (page: number): Promise<DataView> => {
      const bytes = new Uint8Array(META_BYTES);
      const { bytesRead } = await file.read(bytes, 0, META_BYTES, page + PAGE_HEADER_BYTES);
      const meta = new DataView(bytes.buffer);
      if (bytesRead < META_BYTES || meta.getUint32(0, true) !== MAGIC)
        throw corrupt('no register file', path, page + bytesRead);
      if (meta.getUint32(4, true) !== VERSION) throw corrupt('register file of another LMDB', path, page);
      return meta;
    };
    const first = await readMeta(0);
    const pageBytes = first.getUint32(24, true);
    if (pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX) throw corrupt('no page size', path, 0);
    const second = await readMeta(pageBytes);
    const latest = transaction(first) > transaction(second) ? first : second;
    const { size } = await file.stat(); // After the roots: another process may be growing the file.
    for (const root of [latest.getBigUint64(64, true), latest.getBigUint64(112, true)]) {
      if (root !== NO_PAGE && (root + 1n) * BigInt(pageBytes) > BigInt(size)) {
        throw corrupt('register file is cut short', path, size);
      }
    }
  } finally {
    await file.close();
  }
}

function transaction(meta: DataView): bigint {
  return meta.getBigUint64(128, true);
}

function corrupt(problem: string, path: string, at: number): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `${problem}: file=${path} offset=${at}`);
}
