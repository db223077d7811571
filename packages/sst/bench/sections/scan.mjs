/** Scanning: all positions of a file whose blocks are in memory; and four files merged. */
import { MergingCursor, ROW, SstWriter } from '@clortho/sst';
import { KEY_BYTES, packedRows, ROWS, VALUE_BYTES } from '../data.mjs';
import { measure } from '../measure.mjs';
import { openCached } from '../open-cached.mjs';

const INPUTS = 4;

export function run() {
  const rows = packedRows();
  const whole = openCached(rows, { codec: 'none' });
  const quarters = Array.from({ length: INPUTS }, (_, part) =>
    openCached(partOf(rows, part), { codec: 'none' }),
  );
  const merging = () => new MergingCursor(quarters.map((sst) => sst.cursor()));
  const rates = measure({
    positions: () => count(whole.cursor()),
    values: () => sumValues(whole.cursor()),
    merge: () => count(merging()),
    mergeToFile: () => {
      const writer = new SstWriter({ codec: 'none' });
      const cursor = merging();
      for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) writer.appendFrom(cursor);
      return writer.finish().rows;
    },
  });
  return {
    about: `${ROWS.toLocaleString('en')} rows, all blocks in memory`,
    figures: [
      { name: 'cursor, positions only', value: rates.positions, unit: 'rows/s', least: 15_000_000 },
      { name: 'cursor, first and last byte of each value', value: rates.values, unit: 'rows/s' },
      { name: `merge of ${INPUTS} files, positions only`, value: rates.merge, unit: 'rows/s' },
      { name: `merge of ${INPUTS} files into one, none`, value: rates.mergeToFile, unit: 'rows/s' },
    ],
  };
}

function count(cursor) {
  let rows = 0;
  for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) rows += 1;
  return rows;
}

function sumValues(cursor) {
  let rows = 0;
  let sum = 0;
  for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) {
    sum += cursor.valueBytes[cursor.valueStart] + cursor.valueBytes[cursor.valueEnd - 1];
    rows += 1;
  }
  if (Number.isNaN(sum)) throw new Error('values have bytes');
  return rows;
}

/** Every fourth row, from row `part` on. */
function partOf({ keys, values, count: rows }, part) {
  const size = Math.ceil((rows - part) / INPUTS);
  const partKeys = new Uint8Array(size * KEY_BYTES);
  const partValues = new Uint8Array(size * VALUE_BYTES);
  for (let index = 0; index < size; index += 1) {
    const row = part + index * INPUTS;
    partKeys.set(keys.subarray(row * KEY_BYTES, (row + 1) * KEY_BYTES), index * KEY_BYTES);
    partValues.set(values.subarray(row * VALUE_BYTES, (row + 1) * VALUE_BYTES), index * VALUE_BYTES);
  }
  return { keys: partKeys, values: partValues, count: size };
}
