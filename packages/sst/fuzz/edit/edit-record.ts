/** Edits of records: the properties as msgpack, filters and statistics as JSON of their library. */
import { Packr } from 'msgpackr';
import type { Draw } from '../draw.ts';
import { edgeNear, editBytes } from './edit-field.ts';

const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  variableMapSize: true,
  int64AsType: 'number',
});

/** Returns properties with some entries changed, lost or added. */
export function editProperties(draw: Draw, bytes: Uint8Array): Uint8Array {
  if (draw.oneIn(4)) return editBytes(draw, bytes);
  const record = packr.unpack(bytes) as Record<string, unknown>;
  for (let times = draw.between(1, 2); times > 0; times -= 1) {
    const name = draw.pick(Object.keys(record));
    const way = draw.below(8);
    if (way === 0) delete record[name];
    else if (way === 1)
      addEntry(record, draw.pick(['later', '__proto__', 'toString', '']), oddValue(draw, 0));
    else if (name === 'collectors') record[name] = editCollectors(draw, record[name] as unknown[]);
    else record[name] = editValue(draw, record[name]);
  }
  return Uint8Array.from(packr.pack(record));
}

/** Returns the JSON of a Bloom filter of the library with a number or its bits changed. */
export function editBloomJson(draw: Draw, bytes: Uint8Array): Uint8Array {
  if (draw.oneIn(3)) return editBytes(draw, bytes);
  const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  const bits = record['_filter'] as Record<string, unknown>;
  const number = draw.oneIn(4) ? draw.pick([-1, 0.5, 1e300, 2 ** 53]) : edgeNear(draw, 8);
  switch (draw.below(7)) {
    case 0:
      record['_size'] = number;
      break;
    case 1:
      record['_nbHashes'] = number;
      break;
    case 2:
      record['_seed'] = number;
      break;
    case 3:
      bits['size'] = number;
      break;
    case 4: {
      // Filters of other sizes that are right in themselves, down to those with hardly a bit.
      const size = draw.pick([1, 2, 7, 8, 9, 63, 64, 65, 800]);
      const content = Buffer.from(draw.bytes(Math.ceil(size / 8))).toString('base64');
      record['_size'] = size;
      record['_nbHashes'] = draw.pick([1, 1, 2, size, 64, 65]);
      record['_filter'] = { size: Math.ceil(size / 8) * 8, content };
      break;
    }
    case 5:
      bits['content'] = draw.pick([
        '',
        '====',
        'A\n A\tA',
        '\u00e9\u{1f600}',
        'AAAA'.repeat(draw.below(50)),
        7,
        null,
      ]);
      break;
    default:
      record[draw.pick(Object.keys(record))] = draw.pick([undefined, null, {}, [], 'BloomFilter', true]);
  }
  return new Uint8Array(Buffer.from(JSON.stringify(record)));
}

/** Adds an entry; a plain assignment would make that of `__proto__` the prototype. */
function addEntry(record: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
}

function editValue(draw: Draw, value: unknown): unknown {
  if (draw.oneIn(3)) return oddValue(draw, 0);
  if (typeof value === 'number') return edgeNear(draw, value);
  return value instanceof Uint8Array ? editBytes(draw, value) : value;
}

function editCollectors(draw: Draw, list: readonly unknown[]): unknown[] {
  const collectors = list.map((entry) => (Array.isArray(entry) ? [...(entry as unknown[])] : entry));
  const entry = collectors[draw.below(collectors.length)];
  if (!Array.isArray(entry) || draw.oneIn(4)) {
    const added = draw.oneIn(2) ? ['size', 1, draw.bytes(draw.below(20))] : oddValue(draw, 0);
    return [...collectors, ...Array.from({ length: draw.pick([1, 1, 2, 64, 65]) }, () => added)];
  }
  const place = draw.below(4);
  entry[place] = editValue(draw, entry[place]);
  return draw.oneIn(4) ? collectors.slice(1) : collectors;
}

function oddValue(draw: Draw, depth: number): unknown {
  switch (draw.below(depth < 10 ? 12 : 9)) {
    case 0:
      return null;
    case 1:
      return draw.oneIn(2);
    case 2:
      return draw.pick([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), 1e300, 2 ** 63]);
    case 3:
      return draw.pick([2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n), 7n]);
    case 4:
      return draw.pick(['', 'text', 'x'.repeat(300)]);
    case 5:
      return draw.bytes(draw.pick([0, 1, 40, 300]));
    case 6:
      return [];
    case 7:
      return {};
    case 8:
      return new Date(0);
    default: {
      const inner = oddValue(draw, depth + draw.pick([1, 1, 5]));
      return draw.oneIn(2) ? [inner] : { inner };
    }
  }
}
