/** Counts to COUNT in one register, from as many processes as are started on DIRECTORY. */
import { lmdbRegisterStore } from '../../dist/index.js';

const [, , directory, count, writer] = process.argv;
const store = await lmdbRegisterStore(directory, { create: true });
for (let done = 0; done < Number(count); ) {
  const [counter] = await store.read(['counter']);
  const next = Number(counter === undefined ? 0 : new TextDecoder().decode(counter.value)) + 1;
  const result = await store.compareAndSwap([
    { key: 'counter', expect: counter?.version ?? 0, value: new TextEncoder().encode(String(next)) },
    { key: `done/${writer}/${done}`, expect: 0, value: new Uint8Array(done % 20 === 0 ? 100_000 : 10) },
  ]);
  if (result.applied) done += 1;
}
await store.close();
