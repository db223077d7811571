/** Cold reads over a source that counts what is asked of it. */
import { Sst, SstWriter } from '@clortho/sst';
import { appendAll, packedRows, randomKeys } from '../data.mjs';

const COUNT = 300_000;

export async function run() {
  const rows = packedRows(COUNT);
  const writer = new SstWriter({ indexPartitionBytes: 16 * 1024 });
  appendAll(writer, rows);
  const { bytes: size, tailBytes } = writer.finish();
  const bytes = Buffer.concat(writer.take());
  const reads = [];
  const source = {
    async read(offset, length) {
      reads.push({ offset, length });
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
  };
  const taken = () => reads.splice(0).length;
  const { keys } = randomKeys(rows, 2);
  const sst = await Sst.open(source, { size, tailBytes });
  await sst.get(keys[0]);
  const cold = taken();
  await sst.get(keys[1]);
  const warm = taken();
  const unknown = await Sst.open(source, { size });
  const blind = taken();
  const lt = rows.keys.slice(16 * 200_000, 16 * 200_001);
  const gte = rows.keys.slice(16 * 100_000, 16 * 100_001);
  let count = 0;
  for await (const _row of unknown.scan({ gte, lt })) count += 1;
  if (count !== 100_000) throw new Error(`the range has ${count} rows`);
  const places = [...reads].sort((left, right) => left.offset - right.offset);
  const twice = places.filter(
    ({ offset }, at) => at > 0 && places[at - 1].offset + places[at - 1].length > offset,
  );
  const asked = places.reduce((sum, { length }) => sum + length, 0);
  const table = sst.blockTable();
  const firstBlock = table.findLastIndex(({ firstKey }) => Buffer.compare(firstKey, gte) <= 0);
  const endBlock = table.findIndex(({ firstKey }) => Buffer.compare(firstKey, lt) >= 0);
  const needed = table.slice(firstBlock, endBlock).reduce((sum, block) => sum + block.bytes, 0);
  return {
    about: 'counted reads of a file whose index is partitioned',
    figures: [
      { name: 'open and get, place of the tail known', value: cold, unit: 'reads', exactly: 2 },
      { name: 'get, tail in memory', value: warm, unit: 'reads', exactly: 1 },
      { name: 'open, place of the tail unknown', value: blind, unit: 'reads', exactly: 2 },
      { name: 'range scan: reads', value: places.length, unit: 'reads' },
      { name: 'range scan: bytes asked, to bytes needed', value: asked / needed, unit: 'ratio', exactly: 1 },
      { name: 'range scan: bytes read twice', value: twice.length, unit: 'reads', exactly: 0 },
    ],
  };
}
