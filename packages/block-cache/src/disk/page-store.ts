/**
 * Pages on disk: finds them by their tags, believes only what they say of themselves, and decides what goes.
 *
 *     read:   tags of the set in memory ---> header and chunks of the slot --identity, checksums--> the bytes
 *               '--none is right--> the tags on disk, others may have written ---> the same --none is right--> miss
 *     write:  take a way --> no tag, page, header, tag
 *
 * The order of the writes only tells half a write from damage. What is right does not depend on it: a slot is judged by what
 * is in it, at every read. So nothing is ever flushed, several processes may write at once, and opening reads nothing.
 *
 * Invariants:
 * - What `read` returns has matched the name, the range and the checksums of the page.
 * - A tag is a hint: a wrong one costs a read, a lost one a page. Tags are removed from disk only when they were just
 *   read and did not hold, because the way may have gone to another page, of another process.
 */
import type { DiskAccess } from './disk-access.ts';
import { BLOCK_BYTES, CHUNK_BYTES, type Geometry, slotPosition, tagPosition } from './geometry.ts';
import { areChunksIntact, decodePageHeader, encodePageHeader, pageHeaderBytes } from './page-header.ts';
import type { PageKey } from './page-key.ts';
import {
  countUse,
  freeWay,
  type PageSet,
  pageSet,
  refreshTags,
  settleWay,
  type TakenWay,
  takeBackWay,
  takeWay,
} from './page-set.ts';
import type { FileIo } from './shared-file.ts';

/** Counters of a {@link PageStore}. */
export interface PageCounters {
  written: number;
  bytesWritten: number;
  bytesRead: number;
  evictions: number;
  refused: number;
  damaged: number;
}

/** See the module. */
export interface PageStore {
  readonly counters: Readonly<PageCounters>;
  /** Returns `[start, end)` of a page, bytes that are the caller's, or `undefined`. */
  read(key: PageKey, start: number, end: number): Promise<Uint8Array | undefined>;
  /** Tells whether the page seems to be there, without reading it. */
  has(key: PageKey): Promise<boolean>;
  /**
   * Writes a page unless it is there already, and tells whether it is there. With `onlyKnown`, a full set takes it in
   * only if it was missed before. The page is not kept if `isWanted` says so in the end.
   */
  write(key: PageKey, payload: Uint8Array, onlyKnown: boolean, isWanted: () => boolean): Promise<boolean>;
  /** Removes a page. */
  drop(key: PageKey): Promise<void>;
  /** Forgets what is known of the file. */
  forget(): void;
}

/** Returns the pages of the file behind `access`. */
export function pageStore(geometry: Geometry, access: DiskAccess, onDamage: () => void): PageStore {
  const { sets, ways } = geometry;
  const known = new Map<number, PageSet>();
  const counters = noCounts();

  const setOf = (key: PageKey): number => key.place % sets;

  const refresh = async (index: number): Promise<PageSet | undefined> => {
    const since = known.get(index)?.changes ?? 0;
    const bytes = new Uint8Array(4 * ways);
    const read = await access.reading((io) => io.read(bytes, tagPosition(geometry, index, 0)));
    if (read === undefined) return undefined;
    counters.bytesRead += read;
    const set = known.get(index) ?? pageSet(ways);
    refreshTags(set, decodeTags(bytes), since);
    known.set(index, set);
    return set;
  };

  const loaded = async (key: PageKey): Promise<PageSet | undefined> =>
    known.get(setOf(key)) ?? (await refresh(setOf(key)));

  const readSlot = (key: PageKey, way: number, range: Range): Promise<SlotContents | undefined> =>
    access.reading(async (io) => {
      const contents = await readContents(io, slotPosition(geometry, setOf(key), way), key, range);
      counters.bytesRead += contents.bytesRead;
      return contents;
    });

  const disown = async (set: PageSet, key: PageKey, way: number): Promise<void> => {
    if (!takeBackWay(set, way, key.tag)) return;
    await access.writing(async (io) => {
      await io.write(encodeTag(0), tagPosition(geometry, setOf(key), way));
    });
    settleWay(set, way, 0);
  };

  const readFrom = async (set: PageSet, key: PageKey, range: Range, isFresh: boolean): Promise<Found> => {
    for (let way = set.tags.indexOf(key.tag); way >= 0; way = set.tags.indexOf(key.tag, way + 1)) {
      const contents = await readSlot(key, way, range);
      if (contents === undefined) {
        // A bad spot of the disk is left alone from now on, unless it is all of it.
        if (access.canRead()) await disown(set, key, way);
        return 'failed';
      }
      if (contents.bytes !== undefined) {
        countUse(set, way);
        return contents.bytes;
      }
      if (!isFresh || set.tags[way] !== key.tag) {
        freeWay(set, way, key.tag);
        continue;
      }
      if (contents.isDamaged) {
        counters.damaged += 1;
        onDamage();
      }
      await disown(set, key, way);
    }
    return 'absent';
  };

  const writeInto = async (
    { way, evicted }: TakenWay,
    key: PageKey,
    payload: Uint8Array,
  ): Promise<boolean> => {
    const tagAt = tagPosition(geometry, setOf(key), way);
    const position = slotPosition(geometry, setOf(key), way);
    const header = encodePageHeader(key, payload);
    const done = await access.writing(async (io) => {
      if (evicted) await io.write(encodeTag(0), tagAt);
      await io.write(payload, position + BLOCK_BYTES);
      await io.write(header, position);
      await io.write(encodeTag(key.tag), tagAt);
      return true;
    });
    return done ?? false;
  };

  return {
    counters,
    async read(key, start, end) {
      const set = await loaded(key);
      if (set === undefined) return undefined;
      const range = { start, end };
      let found = await readFrom(set, key, range, false);
      if (found === 'absent') {
        const fresh = await refresh(setOf(key));
        found = fresh === undefined ? 'failed' : await readFrom(fresh, key, range, true);
      }
      return typeof found === 'string' ? undefined : found;
    },
    async has(key) {
      return (await loaded(key))?.tags.includes(key.tag) ?? false;
    },
    async write(key, payload, onlyKnown, isWanted) {
      if (!access.canWrite()) return false;
      const set = await refresh(setOf(key));
      if (set === undefined || !isWanted()) return false;
      if (set.tags.includes(key.tag)) return true;
      const taken = takeWay(set, key.tag, onlyKnown);
      if (taken === undefined) {
        counters.refused += 1;
        return false;
      }
      if (taken.evicted) counters.evictions += 1;
      const isWritten = await writeInto(taken, key, payload);
      settleWay(set, taken.way, isWritten ? key.tag : 0);
      if (!isWritten) return false;
      counters.written += 1;
      counters.bytesWritten += BLOCK_BYTES + payload.length;
      if (isWanted()) return true;
      await disown(set, key, taken.way);
      return false;
    },
    async drop(key) {
      const set = await refresh(setOf(key));
      if (set === undefined) return;
      for (let way = set.tags.indexOf(key.tag); way >= 0; way = set.tags.indexOf(key.tag, way + 1)) {
        await disown(set, key, way);
      }
    },
    forget: () => known.clear(),
  };
}

/** Returns a store that never has a page. */
export function noPages(): PageStore {
  return {
    counters: noCounts(),
    read: () => Promise.resolve(undefined),
    has: () => Promise.resolve(false),
    write: () => Promise.resolve(false),
    drop: () => Promise.resolve(),
    forget: () => undefined,
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

type Found = Uint8Array | 'absent' | 'failed';

interface SlotContents {
  /** The range asked for, if it is to be believed. */
  readonly bytes: Uint8Array | undefined;
  readonly isDamaged: boolean;
  readonly bytesRead: number;
}

async function readContents(
  io: FileIo,
  position: number,
  key: PageKey,
  { start, end }: Range,
): Promise<SlotContents> {
  const firstChunk = Math.floor(start / CHUNK_BYTES);
  const from = firstChunk * CHUNK_BYTES;
  const to = Math.min(Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES, key.length);
  const header = new Uint8Array(pageHeaderBytes(key));
  const chunks = new Uint8Array(to - from);
  const [headerRead, chunksRead] = await Promise.all([
    io.read(header, position),
    io.read(chunks, position + BLOCK_BYTES + from),
  ]);
  const bytesRead = headerRead + chunksRead;
  if (headerRead < header.length) return { bytes: undefined, isDamaged: true, bytesRead };
  const found = decodePageHeader(key, header);
  if (found === 'other') return { bytes: undefined, isDamaged: false, bytesRead };
  const isIntact =
    found !== 'damaged' && chunksRead === chunks.length && areChunksIntact(found.sums, firstChunk, chunks);
  return {
    bytes: isIntact ? chunks.subarray(start - from, end - from) : undefined,
    isDamaged: !isIntact,
    bytesRead,
  };
}

function noCounts(): PageCounters {
  return { written: 0, bytesWritten: 0, bytesRead: 0, evictions: 0, refused: 0, damaged: 0 };
}

function decodeTags(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, way) => view.getUint32(4 * way, true));
}

function encodeTag(tag: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, tag, true);
  return bytes;
}
