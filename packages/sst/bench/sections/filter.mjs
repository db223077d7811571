/** Filters: probes, and false positives over keys that are not there. */
import { hashBytes, seededRandom } from '@clortho/base';
import { packedRows, ROWS } from '../data.mjs';
import { measure } from '../measure.mjs';
import { openCached } from '../open-cached.mjs';

const PROBES = 1_000_000;

export function run() {
  const rows = packedRows();
  const families = [
    {
      name: 'split-block Bloom, 12 bits',
      filter: { family: 'split-block-bloom', bitsPerKey: 12 },
      most: 0.0065,
    },
    { name: 'binary fuse', filter: { family: 'binary-fuse' } },
  ];
  const hashes = absentHashes();
  const figures = families.flatMap(({ name, filter, most }) => {
    const sst = openCached(rows, { codec: 'none', filter });
    let passed = 0;
    for (let probe = 0; probe < PROBES; probe += 1) {
      if (sst.mayContain(hashes[2 * probe], hashes[2 * probe + 1])) passed += 1;
    }
    const { rate } = measure({ rate: () => probeAll(sst, hashes) });
    return [
      { name: `${name}: probes`, value: rate, unit: 'probes/s', least: 10_000_000 },
      { name: `${name}: false positives`, value: passed / PROBES, unit: 'share', most },
    ];
  });
  return {
    about: `${PROBES.toLocaleString('en')} absent keys, hashed before, in filters of ${ROWS.toLocaleString('en')} keys`,
    figures,
  };
}

function absentHashes() {
  const random = seededRandom(3);
  const hashes = new Uint32Array(2 * PROBES);
  const key = new TextEncoder().encode('absent0000000000');
  const hash = { low: 0, high: 0 };
  for (let probe = 0; probe < PROBES; probe += 1) {
    new DataView(key.buffer).setUint32(8, random.uint32());
    new DataView(key.buffer).setUint32(12, random.uint32());
    hashBytes(key, 0, key.length, hash);
    hashes[2 * probe] = hash.low;
    hashes[2 * probe + 1] = hash.high;
  }
  return hashes;
}

function probeAll(sst, hashes) {
  let passed = 0;
  for (let probe = 0; probe < PROBES; probe += 1) {
    if (sst.mayContain(hashes[2 * probe], hashes[2 * probe + 1])) passed += 1;
  }
  if (passed > PROBES / 2) throw new Error('the filter passes everything');
  return PROBES;
}
