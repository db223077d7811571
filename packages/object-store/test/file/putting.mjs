/** Puts blobs into DIRECTORY without end, several at a time, each told of on a line once it is stored. */
import { fileObjectStore } from '../../dist/index.js';

const [, , directory] = process.argv;
const store = fileObjectStore(directory, { create: true });
for (let round = 0; ; round += 1) {
  await Promise.all(
    [10, 50_000, 400_000, 2_000_000].map(async (size, lane) => {
      const key = `${process.pid}/${lane}/${round}`;
      await store.put(key, new Uint8Array(size).fill(lane + 1), { ifAbsent: lane % 2 === 0 });
      process.stdout.write(`${key}\n`);
    }),
  );
}
