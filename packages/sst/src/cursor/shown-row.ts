/** The row that a cursor made of other cursors shows: a copy of the position of the one it stands in. */
import { EMPTY_BYTES } from '@clortho/base';
import { NEVER, PUT, type RowKind, type RowPosition } from '../row.ts';

/** Position fields for a `RowCursor` to inherit; plain fields, because a merge reads them on every comparison. */
export class ShownRow implements RowPosition {
  keyBytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  timestamp = 0;
  endTimestamp: number = NEVER;
  kind: RowKind = PUT;
  valueBytes: Uint8Array = EMPTY_BYTES;
  valueStart = 0;
  valueEnd = 0;

  /** Shows the row at `position`; its bytes are borrowed. */
  protected show(position: RowPosition): void {
    this.keyBytes = position.keyBytes;
    this.keyStart = position.keyStart;
    this.keyEnd = position.keyEnd;
    this.timestamp = position.timestamp;
    this.endTimestamp = position.endTimestamp;
    this.kind = position.kind;
    this.valueBytes = position.valueBytes;
    this.valueStart = position.valueStart;
    this.valueEnd = position.valueEnd;
  }
}
