/** One position object for all rows, so that showing a row to a collector allocates nothing. */
import { ShownRow } from '../cursor/shown-row.ts';
import type { RowKind } from '../row.ts';

/** A position whose fields are overwritten for every row. */
export class ReusedPosition extends ShownRow {
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
