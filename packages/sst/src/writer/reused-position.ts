/** One position object for all rows, so that showing a row to a collector allocates nothing. */
import { EMPTY_BYTES } from '@clortho/base';
import { NEVER, PUT, type RowKind, type RowPosition } from '../row.ts';

/** A position whose fields are overwritten for every row. */
export class ReusedPosition implements RowPosition {
  keyBytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  timestamp = 0;
  endTimestamp: number = NEVER;
  kind: RowKind = PUT;
  valueBytes: Uint8Array = EMPTY_BYTES;
  valueStart = 0;
  valueEnd = 0;

  /** Shows another row. */
  set(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    timestamp: number,
    endTimestamp: number,
    kind: RowKind,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.keyBytes = keyBytes;
    this.keyStart = keyStart;
    this.keyEnd = keyEnd;
    this.timestamp = timestamp;
    this.endTimestamp = endTimestamp;
    this.kind = kind;
    this.valueBytes = valueBytes;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
  }
}
