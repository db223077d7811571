/**
 * From a number to a trial: case `number` of a seed is always the same, whatever other cases run.
 *
 *     every fourth number    the next truncation or flipped bit of the small files, until all had their turn
 *     the others             damage, or a hostile edit, of a file picked from the corpus
 */
import type { BaseFile } from './corpus/base-file.ts';
import { MAX_BLOCK_BYTES_EVER, TIMESTAMP } from './corpus/base-file.ts';
import type { Corpus } from './corpus/corpus.ts';
import type { Draw } from './draw.ts';
import { damages, withBitFlipped } from './edit/damage.ts';
import { hostileEdits } from './edit/hostile.ts';
import { swollen } from './edit/swollen.ts';
import { FOOTER_BYTES } from './layout/file-parts.ts';
import type { SourceAccess, Trial } from './read/trial.ts';

const EXHAUSTIVE_EVERY = 4;
/** One truncation and eight flipped bits. */
const PLACES_PER_BYTE = 9;
const DAMAGE = Object.entries(damages);
const HOSTILE = Object.entries(hostileEdits);
/** Files of tens of thousands of rows take a hundred times longer than others. */
const SWOLLEN_EVERY = 250;
const ODD_SIZES: readonly number[] = [0, 1, 63, 64, 65, 1000, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1];

/** The kinds of the cases that damage every place of the small files. */
export const EVERY_PLACE: readonly string[] = ['every length', 'every bit'];

/** Returns how many truncations and bits the small files have: a run of four times as many cases tries all. */
export function placesOf(corpus: Corpus): number {
  return corpus.small.reduce((sum, { bytes }) => sum + bytes.length * PLACES_PER_BYTE, 0);
}

/** Returns case `number`, which `draw` is seeded for. */
export function trialOf(draw: Draw, corpus: Corpus, number: number): Trial {
  if (number % EXHAUSTIVE_EVERY === 0) {
    const trial = exhaustiveTrial(draw, corpus, number / EXHAUSTIVE_EVERY);
    if (trial !== undefined) return trial;
  }
  const base = corpus.pick(draw);
  const common = openedAs(draw, base);
  const way = draw.below(20);
  if (way === 0) {
    const { bytes } = base;
    const size = draw.oneIn(2) ? bytes.length + draw.pick([-64, -1, 1, 2, 64]) : draw.pick(ODD_SIZES);
    const source = { ...sourceOf(draw, size), isLying: false };
    return { ...common, kind: 'wrong size', bytes, isExact: true, source };
  }
  if (way === 1) {
    const source = { ...sourceOf(draw, base.bytes.length), isLying: true };
    return { ...common, kind: 'reads that lie', bytes: base.bytes, isExact: true, source };
  }
  if (way === 2) {
    return {
      ...common,
      kind: 'untouched',
      bytes: base.bytes,
      isExact: true,
      source: sourceOf(draw, base.bytes.length),
    };
  }
  const isExact = way < 8;
  const isSwollen = !isExact && draw.oneIn(SWOLLEN_EVERY);
  const [kind, edit] = isSwollen ? (['swollen', swollen] as const) : draw.pick(isExact ? DAMAGE : HOSTILE);
  const other = corpus.pick(draw);
  const bytes = edit(draw, base, other);
  // A file is the one that its footer belongs to.
  const truth = hasFooterOf(bytes, other) ? other : base;
  const source = draw.oneIn(4) ? sourceOf(draw, bytes.length) : undefined;
  return { ...common, ...openedAs(draw, truth), kind, bytes, isExact, source };
}

function exhaustiveTrial(draw: Draw, corpus: Corpus, number: number): Trial | undefined {
  let rest = number;
  for (const base of corpus.small) {
    const { length } = base.bytes;
    if (rest < length * PLACES_PER_BYTE) return everyPlace(draw, base, rest);
    rest -= length * PLACES_PER_BYTE;
  }
  return undefined;
}

function everyPlace(draw: Draw, base: BaseFile, number: number): Trial {
  const { length } = base.bytes;
  const isCut = number < length;
  const bytes = isCut ? base.bytes.slice(0, number) : withBitFlipped(base.bytes, number - length);
  return {
    kind: EVERY_PLACE[isCut ? 0 : 1] as string,
    base,
    bytes,
    isExact: true,
    maxBlockBytes: base.maxBlockBytes,
    timestamp: base.open.timestamp,
    source: draw.oneIn(8) ? sourceOf(draw, bytes.length) : undefined,
  };
}

function hasFooterOf(bytes: Uint8Array, { bytes: whole }: BaseFile): boolean {
  return Buffer.compare(bytes.subarray(-FOOTER_BYTES), whole.subarray(-FOOTER_BYTES)) === 0;
}

/** Returns the base and how to open it: with the timestamp of its rows, or any where it does not matter. */
function openedAs(draw: Draw, base: BaseFile): Pick<Trial, 'base' | 'timestamp' | 'maxBlockBytes'> {
  return {
    base,
    timestamp: base.open.timestamp ?? (draw.oneIn(2) ? TIMESTAMP : undefined),
    maxBlockBytes: draw.oneIn(16) ? MAX_BLOCK_BYTES_EVER : base.maxBlockBytes,
  };
}

function sourceOf(draw: Draw, size: number): SourceAccess {
  return {
    size,
    tailBytes: draw.pick([undefined, undefined, 0, 64, 65, 200, 2 ** 40, size, size - 1, draw.below(1000)]),
    isCached: draw.oneIn(2),
    readAheadBytes: draw.pick([0, 0, 1, 100, 700, 2 ** 30]),
    isLying: false,
  };
}
