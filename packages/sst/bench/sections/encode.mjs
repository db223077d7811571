/** Writing: sorted rows to a file, in memory. */
import { encodeBatch, PUT, SstWriter } from '@clortho/sst';
import {
  appendAll,
  FIRST_TIMESTAMP,
  KEY_BYTES,
  packedRows,
  ROWS,
  randomKeys,
  VALUE_BYTES,
} from '../data.mjs';
import { encodeKernel } from '../kernels.mjs';
import { measure } from '../measure.mjs';

const BATCH_ROWS = 1000;
const BATCHES = 100;

export function run() {
  const rows = packedRows();
  const write = (options) => () => {
    const writer = new SstWriter(options);
    // What is finished goes on its way, as to a file or a socket.
    let bytes = 0;
    const send = () => {
      for (const chunk of writer.take()) bytes += chunk.length;
    };
    appendAll(writer, rows, undefined, send);
    const summary = writer.finish();
    send();
    if (bytes !== summary.bytes) throw new Error('the file has its bytes');
    return ROWS;
  };
  const batches = batchesOf(rows);
  const rates = measure(
    {
      kernel: () => {
        encodeKernel(rows);
        return ROWS;
      },
      none: write({ codec: 'none' }),
      lz4: write({ codec: 'lz4' }),
      deflate: write({ codec: 'deflate' }),
      batch: () => {
        for (const batch of batches) encodeBatch(batch, { codec: 'none', timestamps: 'absent' });
        return BATCHES * BATCH_ROWS;
      },
    },
    5,
  );
  return {
    about: `${ROWS.toLocaleString('en')} sorted rows of ${KEY_BYTES} + ${VALUE_BYTES} bytes, filter of 12 bits per key`,
    figures: [
      { name: 'bare kernel: copy, filter, checksum', value: rates.kernel, unit: 'rows/s' },
      { name: 'encode, none', value: rates.none, unit: 'rows/s', goal: 1_500_000 },
      { name: 'encode, none, to the kernel', value: rates.none / rates.kernel, unit: 'ratio', least: 0.6 },
      { name: 'encode, lz4', value: rates.lz4, unit: 'rows/s', goal: 1_000_000 },
      { name: 'encode, deflate', value: rates.deflate, unit: 'rows/s' },
      { name: `sort and encode batches of ${BATCH_ROWS}`, value: rates.batch, unit: 'rows/s' },
    ],
  };
}

/** Batches of rows at random, in no order. */
function batchesOf(rows) {
  const { keys, numbers } = randomKeys(rows, BATCHES * BATCH_ROWS);
  return Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: BATCH_ROWS }, (_, index) => {
      const at = batch * BATCH_ROWS + index;
      const start = numbers[at] * VALUE_BYTES;
      const value = rows.values.slice(start, start + VALUE_BYTES);
      return { key: keys[at], timestamp: FIRST_TIMESTAMP, kind: PUT, value };
    }),
  );
}
