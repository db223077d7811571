/** Figures of a run: counted per process, added up, printed. */

/** What came of the cases of one kind. */
export interface KindFigures {
  cases: number;
  /** Files that were read to the end. */
  read: number;
  /** Refusals by code. */
  readonly refused: Record<string, number>;
}

/** What a run counts. */
export interface Figures {
  cases: number;
  rows: number;
  /** The largest array that a reader asked for where file and bound of blocks have 64 KiB at most, in bytes. */
  largestAllocation: number;
  /** The case that took longest, in milliseconds. */
  longestMs: number;
  longestCase: number;
  readonly kinds: Record<string, KindFigures>;
  /** First refusals by what they say. */
  readonly texts: Record<string, number>;
}

/** Something that a reader must not do. */
export interface FoundCase {
  readonly number: number;
  readonly kind: string;
  readonly problem: string;
  /** The file, in base 64; absent if the process died of it. */
  readonly bytes?: string | undefined;
}

/** Returns figures of nothing. */
export function noFigures(): Figures {
  return { cases: 0, rows: 0, largestAllocation: 0, longestMs: 0, longestCase: 0, kinds: {}, texts: {} };
}

/** Counts one case. */
export function countCase(figures: Figures, kind: string, code: string | undefined, text: string): void {
  const own = kindOf(figures, kind);
  figures.cases += 1;
  own.cases += 1;
  if (code === undefined) own.read += 1;
  else {
    own.refused[code] = (own.refused[code] ?? 0) + 1;
    figures.texts[text] = (figures.texts[text] ?? 0) + 1;
  }
}

/** Adds `more` to `figures`. */
export function addFigures(figures: Figures, more: Figures): void {
  figures.cases += more.cases;
  figures.rows += more.rows;
  figures.largestAllocation = Math.max(figures.largestAllocation, more.largestAllocation);
  if (more.longestMs > figures.longestMs) {
    figures.longestMs = more.longestMs;
    figures.longestCase = more.longestCase;
  }
  for (const [kind, { cases, read, refused }] of Object.entries(more.kinds)) {
    const own = kindOf(figures, kind);
    own.cases += cases;
    own.read += read;
    for (const [code, count] of Object.entries(refused)) own.refused[code] = (own.refused[code] ?? 0) + count;
  }
  for (const [text, count] of Object.entries(more.texts))
    figures.texts[text] = (figures.texts[text] ?? 0) + count;
}

function kindOf(figures: Figures, kind: string): KindFigures {
  const known = figures.kinds[kind] ?? { cases: 0, read: 0, refused: {} };
  figures.kinds[kind] = known;
  return known;
}
