/** Point reads of hot blocks, keys at random over a million rows. */
import { packedRows, ROWS, randomKeys } from '../data.mjs';
import { getKernel } from '../kernels.mjs';
import { measure } from '../measure.mjs';
import { openCached } from '../open-cached.mjs';

const GETS = 200_000;

export function run() {
  const rows = packedRows();
  const { keys } = randomKeys(rows, GETS);
  const absent = keys.map((key) => Uint8Array.from(key, (byte, at) => (at === 8 ? byte + 32 : byte)));
  const kernel = getKernel(rows);
  const sst = openCached(rows, { codec: 'none' });
  const rates = measure({
    kernel: () => getAll(keys, kernel),
    get: () => getAll(keys, (key) => sst.peek(key)),
    seek: () => seekAll(sst, keys),
    absent: () => {
      for (const key of absent) sst.peek(key);
      return GETS;
    },
  });
  const ratio = rates.get / rates.kernel;
  return {
    figures: [
      { name: 'bare kernel', value: rates.kernel, unit: 'gets/s' },
      { name: 'get', value: rates.get, unit: 'gets/s', goal: 500_000 },
      { name: 'get, to the kernel', value: ratio, unit: 'ratio', least: 0.6 },
      { name: 'seek of a cursor, no copy', value: rates.seek, unit: 'seeks/s' },
      { name: 'get of an absent key', value: rates.absent, unit: 'gets/s' },
    ],
    about: `${ROWS.toLocaleString('en')} rows, ${GETS.toLocaleString('en')} keys at random, all blocks in memory`,
  };
}

function getAll(keys, get) {
  for (const key of keys) if (get(key) === undefined) throw new Error('a key is missing');
  return keys.length;
}

function seekAll(sst, keys) {
  for (const key of keys) {
    const cursor = sst.cursor();
    if (cursor.seek(key) !== 1) throw new Error('a key is missing');
    cursor.release();
  }
  return keys.length;
}
