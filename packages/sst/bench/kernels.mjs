/**
 * The bare kernels: the least that any implementation has to do, with the data laid out for it and nothing kept safe.
 */
import { crc32 } from 'node:zlib';
import { hashBytes } from '@clortho/base';
import { KEY_BYTES, VALUE_BYTES } from './data.mjs';

const LINE_BITS = 256;
const SALT = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];
const BLOCK_BYTES = 32 * 1024;

/** A split-block Bloom filter as bare functions over one array. */
export function bareFilter(keys) {
  const lines = Math.ceil((keys * 12) / LINE_BITS);
  const words = new Uint32Array(lines * 8);
  const lineOf = (high) => Math.floor((high * lines) / 2 ** 32) * 8;
  return {
    add(low, high) {
      const at = lineOf(high);
      words[at] |= 1 << (Math.imul(low, 0x47b6137b) >>> 27);
      words[at + 1] |= 1 << (Math.imul(low, 0x44974d91) >>> 27);
      words[at + 2] |= 1 << (Math.imul(low, 0x8824ad5b) >>> 27);
      words[at + 3] |= 1 << (Math.imul(low, 0xa2b7289d) >>> 27);
      words[at + 4] |= 1 << (Math.imul(low, 0x705495c7) >>> 27);
      words[at + 5] |= 1 << (Math.imul(low, 0x2df1424b) >>> 27);
      words[at + 6] |= 1 << (Math.imul(low, 0x9efc4947) >>> 27);
      words[at + 7] |= 1 << (Math.imul(low, 0x5c6bfb31) >>> 27);
    },
    has(low, high) {
      const at = lineOf(high);
      for (let word = 0; word < 8; word += 1) {
        if (((words[at + word] >>> (Math.imul(low, SALT[word]) >>> 27)) & 1) === 0) return false;
      }
      return true;
    },
  };
}

/** Writing: copies every row into a block, adds its key to a filter, and checksums full blocks. */
export function encodeKernel({ keys, values, count }) {
  const block = new Uint8Array(BLOCK_BYTES + KEY_BYTES + VALUE_BYTES);
  const filter = bareFilter(count);
  const hash = { low: 0, high: 0 };
  let at = 0;
  let check = 0;
  for (let row = 0; row < count; row += 1) {
    const key = row * KEY_BYTES;
    const value = row * VALUE_BYTES;
    for (let index = 0; index < KEY_BYTES; index += 1) block[at + index] = keys[key + index];
    block.set(values.subarray(value, value + VALUE_BYTES), at + KEY_BYTES);
    at += KEY_BYTES + VALUE_BYTES;
    hashBytes(keys, key, key + KEY_BYTES, hash);
    filter.add(hash.low, hash.high);
    if (at < BLOCK_BYTES) continue;
    check ^= crc32(block.subarray(0, at));
    at = 0;
  }
  return check;
}

/**
 * Reading: asks a filter, finds the key among all of the file's by the number that its last six bytes make (one array of
 * numbers), compares it, and returns a copy of the value.
 */
export function getKernel({ keys, values, count }) {
  const filter = bareFilter(count);
  const hash = { low: 0, high: 0 };
  const numbers = new Float64Array(count);
  const numberOf = (bytes, end) => {
    let number = 0;
    for (let at = end - 6; at < end; at += 1) number = number * 256 + bytes[at];
    return number;
  };
  for (let row = 0; row < count; row += 1) {
    hashBytes(keys, row * KEY_BYTES, (row + 1) * KEY_BYTES, hash);
    filter.add(hash.low, hash.high);
    numbers[row] = numberOf(keys, (row + 1) * KEY_BYTES);
  }
  return (key) => {
    hashBytes(key, 0, KEY_BYTES, hash);
    if (!filter.has(hash.low, hash.high)) return undefined;
    const number = numberOf(key, KEY_BYTES);
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[middle] < number) low = middle + 1;
      else high = middle;
    }
    for (let index = 0; index < KEY_BYTES; index += 1) {
      if (keys[low * KEY_BYTES + index] !== key[index]) return undefined;
    }
    const value = new Uint8Array(VALUE_BYTES);
    value.set(values.subarray(low * VALUE_BYTES, (low + 1) * VALUE_BYTES));
    return value;
  };
}
