/** Filter families by the id of their first byte (R25). */
import { BloomFilter } from 'bloom-filters';
import { finish, type KeyHash, keyHash, times } from './key-hash.ts';
import { Reading } from './reading.ts';
import { demand, support } from './rule.ts';

export interface NaiveFilter {
  readonly family: string;
  /** What follows the byte of the family. */
  readonly bytes: Uint8Array;
  mayContain(key: Uint8Array): boolean;
}

interface Family {
  readonly name: string;
  /** Reads the bytes of a filter and returns its answers. */
  readonly probe: (bytes: Uint8Array) => (hash: KeyHash) => boolean;
}

const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [1, { name: 'split-block-bloom', probe: splitBlockBloom }],
  [2, { name: 'bloom-filters', probe: libraryBloom }],
  [3, { name: 'binary-fuse', probe: binaryFuse }],
]);

export const NO_FILTER: NaiveFilter = { family: 'none', bytes: new Uint8Array(0), mayContain: () => true };

export function readFilter(reading: Reading): NaiveFilter {
  const id = reading.u8();
  const family = FAMILIES.get(id);
  support(family !== undefined, 'R25', `filter family ${id}`);
  const bytes = reading.take(reading.left);
  const probe = family!.probe(bytes);
  return { family: family!.name, bytes, mayContain: (key) => probe(keyHash(key)) };
}

const SALT = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];
const LINE_BYTES = 32;

function splitBlockBloom(bytes: Uint8Array): (hash: KeyHash) => boolean {
  const lines = bytes.length / LINE_BYTES;
  demand(Number.isInteger(lines) && lines >= 1 && lines <= 2 ** 21, 'R25', `${lines} lines of a filter`);
  return ({ low, high }) => {
    const line = Number((BigInt(high) * BigInt(lines)) >> 32n);
    const words = new Reading(bytes.subarray(line * LINE_BYTES, (line + 1) * LINE_BYTES), []);
    return SALT.every((salt) => ((words.u32() >>> (times(low, salt) >>> 27)) & 1) === 1);
  };
}

function libraryBloom(bytes: Uint8Array): (hash: KeyHash) => boolean {
  const filter = BloomFilter.fromJSON(JSON.parse(Buffer.from(bytes).toString('utf8'))) as BloomFilter;
  return ({ low, high }) => filter.has(hexadecimal(high) + hexadecimal(low));
}

function binaryFuse(bytes: Uint8Array): (hash: KeyHash) => boolean {
  const reading = new Reading(bytes, []);
  const seed = reading.u32();
  const segmentBits = reading.u8();
  const segments = reading.u32();
  demand(segmentBits >= 3 && segmentBits <= 16, 'R25', `${segmentBits} segment bits`);
  demand(segments >= 3 && segments <= 2 ** 21, 'R25', `${segments} segments`);
  const length = 2 ** segmentBits;
  const count = segments * length;
  demand(count <= 2 ** 26 && count === reading.left, 'R25', `${reading.left} slots, stated are ${count}`);
  const slots = reading.take(count);
  return ({ low, high }) => {
    const x = finish(low ^ times(seed, 0x9e3779b9));
    const y = finish(high ^ x);
    const z = finish(x + y);
    const s = Number((BigInt(y) * BigInt(segments - 2)) >> 32n);
    const first = slots[s * length + (y % length)]!;
    const second = slots[(s + 1) * length + (z % length)]!;
    const third = slots[(s + 2) * length + ((z >>> 16) % length)]!;
    return (first ^ second ^ third) === x >>> 24;
  };
}

function hexadecimal(word: number): string {
  return word.toString(16).padStart(8, '0');
}
