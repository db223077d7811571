/** What a reader needs from the place where a file lies. */

/** Reads parts of one immutable file. Calls may run at the same time. */
export interface SstSource {
  /** Returns exactly `length` bytes from `offset`; the reader keeps views of them. Rejects where there are fewer. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Told that bytes which it returned are damaged: a source that keeps copies forgets them, and reads again. */
  distrust?(): void;
}
