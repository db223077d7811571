/** A file with all its blocks in a cache that never forgets. */
import { Sst, SstWriter } from '@clortho/sst';
import { appendAll } from './data.mjs';

export function openCached(rows, options) {
  const writer = new SstWriter(options);
  appendAll(writer, rows);
  writer.finish();
  const chunks = writer.take();
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const blocks = new Map();
  const cache = {
    get: (key) => blocks.get(key),
    set: (key, block) => void blocks.set(key, block),
    load: (_, load) => load(),
  };
  const sst = Sst.openBytes(bytes, { cache: { cache, file: 0 } });
  sst.warm(bytes);
  return sst;
}
