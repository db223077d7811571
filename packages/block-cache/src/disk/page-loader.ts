/**
 * Pages by way of the cache: what is missing is fetched once, however many ask, in as few fetches as there are gaps.
 *
 *     pages      0   1   2   3   4   5
 *     cached     x           x
 *     in flight                  x            joined
 *     fetched        [-----]         [-]      two calls of `fetch`; pages 1, 2 and 5 go to disk when there is time
 *
 * Invariants:
 * - Of every page at most one fetch is in flight that may still be kept.
 * - A page is kept only if the fetch returned as many bytes as were asked for.
 */
import { ClorthoError } from '@clortho/base';
import type { PageKey } from './page-key.ts';
import type { PageWriter } from './page-writer.ts';

/**
 * Returns `[offset, offset + length)` of an object from where it is stored. What it throws reaches every caller that
 * waits for it; the bytes must not change afterwards.
 */
export type FetchRange = (offset: number, length: number) => Promise<Uint8Array>;

/** A page that is being fetched: its bytes, and whether they were kept on disk, which takes longer. */
export interface PageFlight {
  readonly payload: Promise<Uint8Array>;
  readonly isKept: Promise<boolean>;
}

/** See the module. */
export interface PageLoader {
  /** How many fetches were begun. */
  readonly fetches: number;
  readonly bytesFetched: number;
  /** Returns the flight of every page, joining those that are under way. The pages follow each other or leave gaps. */
  load(keys: readonly PageKey[], fetch: FetchRange, onlyKnown: boolean): PageFlight[];
  /** Keeps no page of the object that is in flight. */
  forget(name: string): void;
}

/** Fetches are begun for at most so many bytes each, several at once if need be. */
const FETCH_BYTES_MAX = 8 * 1024 * 1024;

/** Returns a loader that offers what it fetched to `writer`. */
export function pageLoader(writer: PageWriter, pageBytes: number): PageLoader {
  const flights = new Map<string, PageFlight & { readonly name: string }>();
  const pagesMax = Math.max(1, Math.floor(FETCH_BYTES_MAX / pageBytes));
  let fetches = 0;
  let bytesFetched = 0;

  const fetchGroup = async (group: readonly PageKey[], fetch: FetchRange): Promise<Uint8Array> => {
    const first = group[0] as PageKey;
    const offset = first.page * pageBytes;
    const length = group.reduce((sum, key) => sum + key.length, 0);
    fetches += 1;
    const bytes = await fetchExactly(first.object.name, fetch, offset, length);
    bytesFetched += length;
    return bytes;
  };

  const begin = (key: PageKey, payload: Promise<Uint8Array>, onlyKnown: boolean): PageFlight => {
    // Whoever removes the flight from the map disowns it.
    const land = (): boolean => flights.get(key.id) === flight && flights.delete(key.id);
    const isKept = payload.then(
      async (bytes) => land() && writer.offer(key, bytes, onlyKnown),
      () => {
        land();
        return false; // The caller has the error from the payload.
      },
    );
    const flight = { name: key.object.name, payload, isKept };
    flights.set(key.id, flight);
    return flight;
  };

  return {
    get fetches() {
      return fetches;
    },
    get bytesFetched() {
      return bytesFetched;
    },
    load(keys, fetch, onlyKnown) {
      for (const group of gapsIn(keys, (key) => flights.has(key.id), pagesMax)) {
        const bytes = fetchGroup(group, fetch);
        let start = 0;
        for (const key of group) {
          const from = start;
          start += key.length;
          begin(
            key,
            bytes.then((all) => all.subarray(from, from + key.length)),
            onlyKnown,
          );
        }
      }
      return keys.map((key) => flights.get(key.id) as PageFlight);
    },
    forget(name) {
      for (const [id, flight] of flights) if (flight.name === name) flights.delete(id);
    },
  };
}

/**
 * Calls `fetch` and returns exactly the bytes asked for.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if it returns more or fewer; whatever `fetch` throws.
 */
export async function fetchExactly(
  name: string,
  fetch: FetchRange,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = await fetch(offset, length);
  if (bytes.length === length) return bytes;
  const facts = `object=${name} offset=${offset} wanted=${length} got=${bytes.length}`;
  throw new ClorthoError('CLORTHO_CORRUPT', `an object came back with another length: ${facts}`);
}

function gapsIn(
  keys: readonly PageKey[],
  isPresent: (key: PageKey) => boolean,
  pagesMax: number,
): PageKey[][] {
  const gaps: PageKey[][] = [];
  let gap: PageKey[] = [];
  for (const key of keys) {
    if (isPresent(key)) continue;
    const last = gap.at(-1);
    if (last === undefined || last.page + 1 !== key.page || gap.length === pagesMax) {
      gap = [];
      gaps.push(gap);
    }
    gap.push(key);
  }
  return gaps;
}
