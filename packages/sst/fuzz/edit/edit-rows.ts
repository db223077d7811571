/** Edits of rows that leave every column well formed: what only the order and the bounds of rows can catch. */
import { concatBytes } from '@clortho/base';
import type { Draw } from '../draw.ts';
import { encodeFields } from '../layout/field.ts';
import type { DataBlock } from '../layout/file-parts.ts';
import { withFields } from '../layout/part.ts';
import { blockFields, type LooseRow, readBlock } from '../layout/rows.ts';
import { edgeNear, editBytes } from './edit-field.ts';

/** Returns the block with its rows changed; its entry follows, or not. */
export function editRows(draw: Draw, block: DataBlock, donor: DataBlock): DataBlock {
  const rows = rowsOf(block);
  for (let times = draw.between(1, 2); times > 0; times -= 1) editRow(draw, rows, donor);
  if (rows.length === 0) return block;
  return withRows(block, rows, !draw.oneIn(5));
}

/** Returns the block with so many versions of its first key: a count that only its own bytes bound. */
export function swellRows(block: DataBlock, count: number): DataBlock {
  const [first] = rowsOf(block);
  if (first === undefined) return block;
  const value = new Uint8Array(0);
  const rows = Array.from({ length: count }, (_, index) => ({ ...first, value, timestamp: count - index }));
  return withRows(block, rows, true);
}

/** Returns the entry's block with these rows. */
function withRows(block: DataBlock, rows: readonly LooseRow[], isEntryTrue: boolean): DataBlock {
  const part = withFields(block.part, blockFields(rows));
  const [first] = rows;
  if (!isEntryTrue || first === undefined) return { ...block, part };
  const facts = block.entry.facts.slice();
  facts[0] = first.timestamp;
  facts[3] = rows.length;
  return { part, entry: { ...block.entry, firstKey: first.key, facts } };
}

function rowsOf({ part }: DataBlock): LooseRow[] {
  return readBlock(encodeFields(part.fields)).rows;
}

function editRow(draw: Draw, rows: LooseRow[], donor: DataBlock): void {
  const at = draw.below(rows.length);
  const row = rows[at];
  if (row === undefined) return;
  const other = draw.below(rows.length);
  switch (draw.below(9)) {
    case 0:
      rows.splice(at, 1);
      break;
    case 1:
      rows.splice(other, 0, row);
      break;
    case 2:
      rows[at] = rows[other] as LooseRow;
      rows[other] = row;
      break;
    case 3:
      rows[at] = { ...row, timestamp: edgeNear(draw, row.timestamp) };
      break;
    case 4:
      rows[at] = { ...row, end: edgeNear(draw, row.end), kind: draw.below(4) };
      break;
    case 5:
      rows[at] = { ...row, key: editBytes(draw, row.key) };
      break;
    case 6:
      rows[at] = { ...row, value: editBytes(draw, row.value) };
      break;
    case 7:
      rows[at] = { ...row, key: concatBytes([row.key, new Uint8Array(draw.pick([1, 300, 65_535, 65_536]))]) };
      break;
    default:
      rows.push(...rowsOf(donor).slice(0, draw.between(1, 3)));
  }
}
