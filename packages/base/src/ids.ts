/**
 * Object ids: 26 characters that sort by the time they were minted (the layout of ULID).
 *
 *     01JD3Z8K5G | 7XQ4M0T9R2BWC6HN
 *     48 bits ms | 80 bits random
 *
 * Invariants:
 * - Ids minted by one source strictly increase, and are never below the floor given.
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
const PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Mints ids in increasing order. */
export interface IdSource {
  /** Returns an id above every earlier one of this source and above `floor`. */
  mint(floor?: string): string;
}

/** Returns a source of ids over the given clock and randomness. */
export function idSource(clock: Clock, random: Random): IdSource {
  let last = ID_MIN;
  return {
    mint(floor = ID_MIN) {
      const above = floor > last ? floor : last;
      let id = encodeTime(Math.max(0, Math.floor(clock.now() / 1000)));
      for (let index = TIME_CHARS; index < ID_LENGTH; index += 1) id += ALPHABET[random.uint32() & 31];
      last = id > above ? id : successor(above);
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

function encodeTime(epochMs: number): string {
  let text = '';
  let rest = epochMs;
  for (let index = 0; index < TIME_CHARS; index += 1) {
    text = (ALPHABET[rest % 32] as string) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function successor(id: string): string {
  let index = ID_LENGTH - 1;
  while (index >= 0 && id[index] === 'Z') index -= 1;
  if (index < 0) throw new ClorthoError('CLORTHO_INVALID', `no id is above the floor: floor=${id}`);
  const digit = ALPHABET[ALPHABET.indexOf(id[index] as string) + 1] as string;
  return id.slice(0, index) + digit + '0'.repeat(ID_LENGTH - 1 - index);
}
