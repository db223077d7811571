/** Choices that the processes of several groups share. */

/** A minute of history: enough for the recent past, and what a store that is overwritten all the time would keep. */
export const KEEP_MS = 60_000;

/** No history to speak of: zero would mean all of it. */
export const KEEP_NOTHING_MS = 1;

/** Batches in flight while a store is loaded. */
export const LOAD_IN_FLIGHT = 8;
