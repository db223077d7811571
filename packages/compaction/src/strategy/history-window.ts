/**
 * Windows of end timestamps: which History rows share a file.
 *
 *     now ────────────────────────────────────────────────────────────────▶ past
 *     |w|w|w|w|  4w  |  4w  |  4w  |  4w  |          16w          |   16w …
 *
 * Windows are aligned, so that four neighbours always make up one wider window. A window is as wide as it may be
 * while it lies at least its own width in the past: the number of windows is O(log age), the windows that a recent
 * read must open stay narrow, and truncation at age A leaves behind at most what one window of width <= A holds.
 *
 * Versions that only histories list, however old they are, share one window: all that ended by `archivedUpTo`.
 *
 * Invariants:
 * - As `upper` and `archivedUpTo` grow, the window of an end timestamp is replaced only by wider ones that contain it.
 */

/** How many windows make up the next wider one. */
export const WINDOW_FAN_IN = 4;

/** End timestamps in `[start, start + width)`. */
export interface HistoryWindow {
  readonly start: number;
  readonly width: number;
}

/** The window of what ended long ago. */
const ARCHIVE: HistoryWindow = { start: Number.NEGATIVE_INFINITY, width: 0 };

/** How windows lie at a moment. */
export interface HistoryWindows {
  /** The shard's last commit. */
  readonly upper: number;
  /** The least width. */
  readonly windowMicros: number;
  /** What ended up to here shares a window; by default, nothing does. */
  readonly archivedUpTo?: number | undefined;
}

/** Returns the window of an end timestamp. */
export function windowOf(endTimestamp: number, windows: HistoryWindows): HistoryWindow {
  const { upper, windowMicros, archivedUpTo = Number.NEGATIVE_INFINITY } = windows;
  return endTimestamp <= archivedUpTo ? ARCHIVE : historyWindow(endTimestamp, upper, windowMicros);
}

/** Returns the window of `endTimestamp` when the last commit is at `upper`; `narrowest` is the least width. */
export function historyWindow(endTimestamp: number, upper: number, narrowest: number): HistoryWindow {
  let width = narrowest;
  for (;;) {
    const wider = width * WINDOW_FAN_IN;
    if (alignedStart(endTimestamp, wider) + 2 * wider > upper) break;
    width = wider;
  }
  return { start: alignedStart(endTimestamp, width), width };
}

/** Tells whether no commit will add rows that end in the window, late merges into base aside. */
export function isClosed(window: HistoryWindow, upper: number): boolean {
  return window.start + window.width <= upper;
}

function alignedStart(timestamp: number, width: number): number {
  return timestamp - (((timestamp % width) + width) % width);
}
