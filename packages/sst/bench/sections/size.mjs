/** Bytes: what timestamps, index and properties cost, and the same rows in LevelDB's tables. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@clortho/base';
import { Sst, SstWriter } from '@clortho/sst';
import { ClassicLevel } from 'classic-level';
import { appendAll, FIRST_TIMESTAMP, KEY_BYTES, packedRows, VALUE_BYTES } from '../data.mjs';

const COUNT = 300_000;
const BATCH_ROWS = 1000;
/** LevelDB's default; its tables do not grow beyond 2 MiB either, but then they are many. */
const LEVEL_BLOCK_BYTES = 4096;

export async function run() {
  const rows = packedRows(COUNT);
  const random = seededRandom(4);
  const size = (options, timestampOf) => write(rows, options, timestampOf).bytes;
  const plain = { codec: 'none' };
  const absent = size({ ...plain, timestamps: 'absent' });
  const uniform = size(plain, () => FIRST_TIMESTAMP);
  const spread = size(plain, () => FIRST_TIMESTAMP + (random.uint32() >>> 1));
  const entropyBytes = 31 / 8;
  const file = write(rows, plain);
  const none = size(plain, () => FIRST_TIMESTAMP);
  const lz4 = size({ codec: 'lz4' }, () => FIRST_TIMESTAMP);
  const level = await levelBytes(rows, false);
  const snappy = await levelBytes(rows, true);
  return {
    about: `${COUNT.toLocaleString('en')} rows of ${KEY_BYTES} + ${VALUE_BYTES} bytes; LevelDB by classic-level, compacted, with its own 10 bits of Bloom filter`,
    figures: [
      {
        name: 'one timestamp, supplied by the opener',
        value: perRow(absent - withoutColumn(write(rows, { ...plain, timestamps: 'absent' }))),
        unit: 'bytes/row',
        most: 0.005,
      },
      // A base of seven bytes per block, in the block and in the index.
      {
        name: 'one timestamp, stored: bases',
        value: perRow(uniform - absent),
        unit: 'bytes/row',
        most: 0.05,
      },
      {
        name: 'one timestamp, stored: deltas',
        value: timestampWidth(write(rows, plain, () => FIRST_TIMESTAMP)),
        unit: 'bytes/row',
        most: 0,
      },
      {
        name: 'timestamps over 2^31 µs, to their entropy',
        value: perRow(spread - uniform) / entropyBytes,
        unit: 'ratio',
        most: 1.15,
      },
      {
        name: 'index and properties, of the file',
        value: file.indexAndProperties / file.bytes,
        unit: 'share',
        most: 0.01,
      },
      { name: 'file, none', value: perRow(none), unit: 'bytes/row' },
      { name: 'LevelDB, no compression', value: perRow(level), unit: 'bytes/row' },
      { name: 'none, to LevelDB without compression', value: none / level, unit: 'ratio', most: 1 },
      { name: 'file, lz4', value: perRow(lz4), unit: 'bytes/row' },
      { name: 'LevelDB, snappy', value: perRow(snappy), unit: 'bytes/row' },
      { name: 'lz4, to LevelDB with snappy', value: lz4 / snappy, unit: 'ratio', most: 1 },
    ],
  };
}

function perRow(bytes) {
  return bytes / COUNT;
}

function write(rows, options, timestampOf) {
  const writer = new SstWriter(options);
  appendAll(writer, rows, timestampOf);
  const summary = writer.finish();
  const bytes = Buffer.concat(writer.take());
  const footer = bytes.subarray(-64);
  return {
    bytes: summary.bytes,
    file: bytes,
    indexAndProperties: footer.readUInt32LE(0) + footer.readUInt32LE(24),
  };
}

/** The width of the column of timestamps, over all blocks: rows (varint), then the head of the column. */
function timestampWidth({ file }) {
  const sst = Sst.openBytes(new Uint8Array(file));
  let bytes = 0;
  for (const { offset, rows } of sst.blockTable()) {
    let at = offset;
    while (file[at] >= 0x80) at += 1;
    bytes += rows * (file[at + 1] & 15);
  }
  return bytes / COUNT;
}

/** The size of a file without its columns of timestamps, which are one byte in each block where they are all zeros. */
function withoutColumn({ bytes, file }) {
  const sst = Sst.openBytes(new Uint8Array(file), { timestamp: 0 });
  for (const { offset } of sst.blockTable()) {
    let at = offset;
    while (file[at] >= 0x80) at += 1;
    if (file[at + 1] !== 0) throw new Error('the column is one byte');
  }
  return bytes - sst.summary.blocks;
}

async function levelBytes({ keys, values }, compression) {
  const folder = await mkdtemp(join(tmpdir(), 'clortho-bench-'));
  const level = new ClassicLevel(folder, { keyEncoding: 'view', valueEncoding: 'view', compression });
  await level.open({ blockSize: LEVEL_BLOCK_BYTES });
  for (let first = 0; first < COUNT; first += BATCH_ROWS) {
    const batch = level.batch();
    for (let row = first; row < first + BATCH_ROWS; row += 1) {
      batch.put(
        keys.slice(row * KEY_BYTES, (row + 1) * KEY_BYTES),
        values.slice(row * VALUE_BYTES, (row + 1) * VALUE_BYTES),
      );
    }
    await batch.write();
  }
  await level.compactRange(keys.slice(0, KEY_BYTES), new Uint8Array(KEY_BYTES).fill(0xff));
  await level.close();
  let bytes = 0;
  for (const name of await readdir(folder)) {
    if (name.endsWith('.ldb') || name.endsWith('.sst')) bytes += (await stat(join(folder, name))).size;
  }
  await rm(folder, { recursive: true });
  return bytes;
}
