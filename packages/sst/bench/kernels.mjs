/**
 * What the parts cost, in rows per second of CPU time: `node bench/kernels.mjs` after a build.
 *
 * 16-byte keys, 100-byte values of which half are noise. CPU time, so that a busy machine disturbs less.
 */
import { seededRandom } from '@clortho/base';
import { encodeSst, MergingCursor, NEVER, PUT, ROW, Sst, SstWriter } from '@clortho/sst';

const ROWS = 300_000;
const random = seededRandom(1);
const text = new TextEncoder();
const rows = Array.from({ length: ROWS }, (_, index) => {
  const value = new Uint8Array(100);
  for (let at = 0; at < 50; at += 1) value[at] = random.uint32();
  return {
    key: text.encode(`user${String(index).padStart(12, '0')}`),
    timestamp: 1.7e15 + index,
    kind: PUT,
    value,
  };
});

const blocks = new Map();
const cache = {
  get: (key) => blocks.get(key),
  set: (key, block) => blocks.set(key, block),
  load: (_, load) => load(),
};

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Prints the best of some runs, each of which returns how many rows it handled. */
function measure(name, runs, run) {
  let best = 0;
  for (let index = 0; index < runs; index += 1) {
    const start = cpuMs();
    const count = run();
    best = Math.max(best, (count / (cpuMs() - start)) * 1000);
  }
  console.log(`${name.padEnd(32)} ${Math.round(best).toLocaleString('en').padStart(12)} rows/s`);
}

function warmFile(part, file) {
  const { bytes } = encodeSst(part);
  const sst = Sst.openBytes(bytes, { cache: { cache, file } });
  sst.warm(bytes);
  return sst;
}

for (const codec of ['none', 'lz4', 'deflate']) {
  measure(`encode, ${codec}`, 6, () => {
    const writer = new SstWriter({ codec });
    for (const { key, timestamp, value } of rows) {
      writer.append(key, 0, key.length, timestamp, NEVER, PUT, value, 0, value.length);
    }
    return writer.finish().rows;
  });
}

const whole = warmFile(rows, 0);
measure('scan, cached', 10, () => {
  const cursor = whole.cursor();
  let count = 0;
  for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) count += 1;
  cursor.release();
  return count;
});

for (const [name, distinct] of [
  ['all keys', ROWS],
  ['20,000 keys', 20_000],
]) {
  measure(`get, cached, ${name}`, 6, () => {
    for (let index = 0; index < ROWS; index += 1) {
      const cursor = whole.cursor();
      cursor.seek(rows[(index * 7919) % distinct].key);
      cursor.release();
    }
    return ROWS;
  });
}

const quarters = [0, 1, 2, 3].map((quarter) =>
  warmFile(
    rows.filter((_, index) => index % 4 === quarter),
    quarter + 1,
  ),
);
function merge(each) {
  const cursor = new MergingCursor(quarters.map((sst) => sst.cursor()));
  let count = 0;
  for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) {
    each(cursor);
    count += 1;
  }
  return count;
}
measure('merge of 4', 10, () => merge(() => undefined));
measure('merge of 4 into a file, lz4', 6, () => {
  const writer = new SstWriter();
  const count = merge((cursor) => writer.appendFrom(cursor));
  writer.finish();
  return count;
});
