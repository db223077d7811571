/** The cursor over no rows at all: every move comes to the end. */
import { EMPTY_BYTES } from '@clortho/base';
import { END, NEVER, PUT, type RowCursor } from '../row.ts';

/** Shared by all, as it has no state. */
export const emptyCursor: RowCursor = {
  keyBytes: EMPTY_BYTES,
  keyStart: 0,
  keyEnd: 0,
  timestamp: 0,
  endTimestamp: NEVER,
  kind: PUT,
  valueBytes: EMPTY_BYTES,
  valueStart: 0,
  valueEnd: 0,
  seekFirst: () => END,
  seekLast: () => END,
  seek: () => END,
  seekBefore: () => END,
  next: () => END,
  previous: () => END,
  load: async () => END,
};
