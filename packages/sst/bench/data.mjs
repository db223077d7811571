/** The rows that everything is measured with: sorted 16-byte keys, 100-byte values of which half are noise. */
import { seededRandom } from '@clortho/base';

export const ROWS = 1_000_000;
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
export const FIRST_TIMESTAMP = 1.7e15;

/** Returns all keys and all values back to back: what a program that has its rows packed would hand to a writer. */
export function packedRows(count = ROWS) {
  const random = seededRandom(1);
  const keys = new Uint8Array(count * KEY_BYTES);
  const values = new Uint8Array(count * VALUE_BYTES);
  const text = new TextEncoder();
  for (let row = 0; row < count; row += 1) {
    text.encodeInto(keyText(row), keys.subarray(row * KEY_BYTES));
    const start = row * VALUE_BYTES;
    for (let at = start; at < start + VALUE_BYTES / 2; at += 4) {
      const noise = random.uint32();
      values[at] = noise;
      values[at + 1] = noise >>> 8;
      values[at + 2] = noise >>> 16;
      values[at + 3] = noise >>> 24;
    }
  }
  return { count, keys, values };
}

export function keyText(row) {
  return `user${String(row).padStart(KEY_BYTES - 4, '0')}`;
}

/** Returns `count` random rows' numbers and their keys, each key in memory of its own. */
export function randomKeys({ keys, count: rows }, count, seed = 2) {
  const random = seededRandom(seed);
  const numbers = Uint32Array.from({ length: count }, () => Math.floor((random.uint32() / 2 ** 32) * rows));
  return { numbers, keys: Array.from(numbers, (row) => keys.slice(row * KEY_BYTES, (row + 1) * KEY_BYTES)) };
}

const ROWS_PER_SEND = 4096;

/** Appends all rows to a writer; `send` is called now and then. */
export function appendAll(
  writer,
  { keys, values, count },
  timestampOf = (row) => FIRST_TIMESTAMP + row,
  send = () => undefined,
) {
  for (let row = 0; row < count; row += 1) {
    if (row % ROWS_PER_SEND === 0) send();
    const key = row * KEY_BYTES;
    const value = row * VALUE_BYTES;
    writer.append(
      keys,
      key,
      key + KEY_BYTES,
      timestampOf(row),
      Number.MAX_SAFE_INTEGER,
      0,
      values,
      value,
      value + VALUE_BYTES,
    );
  }
}
