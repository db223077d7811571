/**
 * Object ids: 26 characters that sort by the time they were minted (the layout of ULID).
 *
 *     01JD3Z8K5G | 7XQ4M0T9R2BWC6HN
 *     48 bits ms | 80 bits random
 *
 * Invariants:
 * - Ids minted by one source strictly increase, and are never below the floor given.
 * - Whatever the clock shows, sources do not meet: an id begins with its source's own randomness, also above a floor that
 *   lies ahead of the clock. Only above its own last id does a source count on.
 * - Characters are Crockford base 32, whose order equals the order of the numbers.
 */
import type { Clock } from './clock.ts';
import { ClorthoError } from './errors.ts';
import type { Random } from './random.ts';

/** The length of an id in characters. */
export const ID_LENGTH = 26;

/** The id below all others: the floor of a store where nothing was collected. */
export const ID_MIN: string = '0'.repeat(ID_LENGTH);

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARS = 10;
/** What 48 bits hold. */
const EPOCH_MS_MAX: number = 2 ** 48 - 1;
const PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Mints ids in increasing order. */
export interface IdSource {
  /** Returns an id above every earlier one of this source and above `floor`. */
  mint(floor?: string): string;
}

/** Returns a source of ids over the given clock and randomness. */
export function idSource(clock: Clock, random: Random): IdSource {
  const fresh = (epochMs: number): string => {
    let id = encodeTime(epochMs);
    for (let index = TIME_CHARS; index < ID_LENGTH; index += 1) id += ALPHABET[random.uint32() & 31];
    return id;
  };
  let last = ID_MIN;
  return {
    mint(floor = ID_MIN) {
      const nowMs = Math.max(0, Math.floor(clock.now() / 1000));
      if (floor <= last) {
        const id = fresh(nowMs);
        last = id > last ? id : successor(last);
        return last;
      }
      const floorMs = decodeTime(floor);
      const id = fresh(Math.max(nowMs, floorMs));
      last = id > floor ? id : fresh(floorMs + 1);
      return last;
    },
  };
}

/** Returns the smallest id of a millisecond: a floor for everything minted from then on. */
export function idAtTime(epochMs: number): string {
  return encodeTime(epochMs) + '0'.repeat(ID_LENGTH - TIME_CHARS);
}

/** Tells whether `text` has the form of an id. */
export function isId(text: string): boolean {
  return PATTERN.test(text);
}

/** Throws `CLORTHO_INVALID` for a time that no id has. */
function encodeTime(epochMs: number): string {
  if (epochMs > EPOCH_MS_MAX)
    throw new ClorthoError('CLORTHO_INVALID', `no id has this time: epochMs=${epochMs}`);
  let text = '';
  let rest = epochMs;
  for (let index = 0; index < TIME_CHARS; index += 1) {
    text = (ALPHABET[rest % 32] as string) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function decodeTime(id: string): number {
  let epochMs = 0;
  for (let index = 0; index < TIME_CHARS; index += 1) {
    epochMs = epochMs * 32 + ALPHABET.indexOf(id[index] as string);
  }
  return epochMs;
}

function successor(id: string): string {
  let index = ID_LENGTH - 1;
  while (index >= 0 && id[index] === 'Z') index -= 1;
  const digit = ALPHABET[ALPHABET.indexOf(id[index] ?? 'Z') + 1] ?? '';
  const above = id.slice(0, index) + digit + '0'.repeat(ID_LENGTH - 1 - index);
  if (isId(above)) return above;
  throw new ClorthoError('CLORTHO_INVALID', `no id is above this one: id=${id}`);
}
