/** A trial: some bytes, and how they are to be read. */
import type { BaseFile } from '../corpus/base-file.ts';

/** How a source gives bytes. */
export interface SourceAccess {
  /** What the opener takes for the size of the file. */
  readonly size: number;
  /** What the opener takes for the size of the tail. */
  readonly tailBytes: number | undefined;
  readonly isCached: boolean;
  readonly readAheadBytes: number;
  /** Some reads give other bytes than those asked for. */
  readonly isLying: boolean;
}

/** One file to be read, and what is known of it. */
export interface Trial {
  readonly kind: string;
  readonly base: BaseFile;
  readonly bytes: Uint8Array;
  /** The checks are as they were written: what is read is right, or it is refused. */
  readonly isExact: boolean;
  readonly maxBlockBytes: number;
  /** The timestamp to open with. */
  readonly timestamp: number | undefined;
  /** Reads through a source as well as from memory; only through it if what the opener says of the file is wrong. */
  readonly source: SourceAccess | undefined;
}
