import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Sst } from '../src/reader/sst.ts';
import { DELETE, NEVER, PUT, ROW, type Row } from '../src/row.ts';
import { encodeSst } from '../src/writer/encode-sst.ts';
import { rowAt } from './support/rows.ts';

const text = new TextEncoder();
const rows: Row[] = [
  { key: text.encode('ant'), timestamp: 20, endTimestamp: NEVER, kind: PUT, value: text.encode('two') },
  { key: text.encode('ant'), timestamp: 10, endTimestamp: 20, kind: PUT, value: text.encode('one') },
  { key: text.encode('bee'), timestamp: 15, endTimestamp: NEVER, kind: DELETE, value: new Uint8Array(0) },
];
const rangeDeletes = [{ start: text.encode('c'), end: text.encode('d'), timestamp: 30 }];

/** The bytes of the example in FORMAT.md: lines of an offset and sixteen bytes. */
function exampleBytes(): string {
  const page = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8');
  const example = /```hex\n([^`]*)```/.exec(page)?.[1];
  if (example === undefined) throw new Error('FORMAT.md has an example');
  return example.replaceAll(/^ *\d+/gm, '').replaceAll(/\s/g, '');
}

describe('the example in FORMAT.md', () => {
  it('is what the writer writes', () => {
    const { bytes } = encodeSst(rows, { codec: 'none', salt: 1, rangeDeletes });
    expect(Buffer.from(bytes).toString('hex')).toBe(exampleBytes());
  });

  it('reads as the page says', () => {
    const sst = Sst.openBytes(new Uint8Array(Buffer.from(exampleBytes(), 'hex')));
    const cursor = sst.cursor();
    const read: Row[] = [];
    for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) read.push(rowAt(cursor));
    expect(read).toEqual(rows);
    expect(sst.rangeDeletes).toEqual(rangeDeletes);
  });
});
