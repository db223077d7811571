/** Takes LMDB's write lock on FILE, says so, and holds it until it is stopped, killed or told to go on. */
import { open } from 'lmdb';

const [, , path, how] = process.argv;
const database = open({
  path,
  noSubdir: true,
  encoding: 'binary',
  keyEncoding: 'binary',
  overlappingSync: false,
});
database.transactionSync(() => {
  database.putSync(new Uint8Array([1, 0x7a]), new Uint8Array(8192)); // No register: it must never be seen.
  process.stdout.write('holding\n');
  if (how === 'stop') process.kill(process.pid, 'SIGSTOP');
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  database.removeSync(new Uint8Array([1, 0x7a]));
});
await database.close();
