/** Puts objects into the cache in DIRECTORY without end, more than it holds; prints a line once it was full. */
import { openDiskCache } from '../../dist/index.js';

const [, , directory] = process.argv;
const cache = await openDiskCache({ directory, bytesMax: 10 * 1024 * 1024, pageBytes: 256 * 1024 });
const bytes = 4 * 256 * 1024;
for (let round = 0; ; round += 1) {
  const name = `object ${round % 20}`;
  await cache.put({ name, bytes }, 0, new Uint8Array(bytes).fill(round % 20));
  const page = await cache.get({ name, bytes }, 256 * 1024, 256 * 1024);
  if (page?.some((byte) => byte !== round % 20)) throw new Error(`wrong bytes: object=${name}`);
  if (round === 15) process.stdout.write('full\n');
}
