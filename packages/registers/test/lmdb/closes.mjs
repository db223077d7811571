/** Opens DIRECTORY, swaps once, and ends as HOW says: after `close`, without it, or by `process.exit`. */
import { lmdbRegisterStore } from '../../dist/index.js';

const [, , directory, how, timeoutMs] = process.argv;
try {
  const store = await lmdbRegisterStore(directory, { create: true, timeoutMs: Number(timeoutMs) });
  const outcome = await store
    .compareAndSwap([{ key: `by/${process.pid}`, expect: 0, value: new Uint8Array(3) }])
    .catch((error) => error.code);
  if (how === 'close') await store.close();
  process.stdout.write(typeof outcome === 'string' ? outcome : `applied=${outcome.applied}`);
} catch (error) {
  process.stdout.write(error.code);
}
if (how === 'exit') process.exit(3);
