/** What a process leaves in a directory when it is killed in the middle of its puts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fileObjectStore } from '../../src/index.ts';
import { bytesOf, keysOf, temporaryDirectory } from '../fixture.ts';

const SIZES = [10, 50_000, 400_000, 2_000_000];

test('a process killed while it puts leaves whole blobs, all it told of, and no litter for long', async () => {
  const directory = await temporaryDirectory();
  const script = fileURLToPath(new URL('putting.mjs', import.meta.url));
  let litter = 0;
  // More than a few only if by chance none of them came in the middle of a put.
  for (let kills = 0; kills < 5 || (litter === 0 && kills < 20); kills += 1) {
    const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      if (output.split('\n').length > 6 + kills) child.kill('SIGKILL');
    });
    await once(child, 'close');
    litter += (await readdir(join(directory, '.tmp'))).length;
    const told = output.split('\n').slice(0, -1);
    const store = fileObjectStore(directory);
    const listed = await keysOf(store, `${child.pid}/`);
    expect(listed).toEqual(expect.arrayContaining(told));
    for (const key of listed) {
      const lane = Number(key.split('/')[1]);
      const bytes = await store.get(key);
      expect(bytes.length).toBe(SIZES[lane]);
      expect(bytes.every((byte) => byte === lane + 1)).toBe(true);
    }
    await store.put('sweep', bytesOf('the first put of a store sweeps'));
    expect(await readdir(join(directory, '.tmp'))).toEqual([]);
    await store.close();
  }
  expect(litter).toBeGreaterThan(0);
});
