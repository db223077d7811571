import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isClorthoError } from '@clortho/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerStoreConformance } from '../../src/conformance.ts';
import { checkLmdbFile } from '../../src/lmdb/file.ts';
import { lmdbRegisterStore } from '../../src/lmdb/lmdb.ts';

let root = '';
let directories = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'clortho-registers-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function freshDirectory(): string {
  directories += 1;
  return join(root, `store.${directories}`, 'deep');
}

registerStoreConformance(
  { describe, it },
  {
    name: 'lmdb',
    open: async () => {
      const directory = freshDirectory();
      return {
        store: await lmdbRegisterStore(directory, { create: true }),
        openAnother: () => lmdbRegisterStore(directory),
        close: () => Promise.resolve(),
      };
    },
  },
);

const value = new Uint8Array([1, 2, 3]);

describe('LMDB registers', () => {
  it('are not created unless asked', async () => {
    const directory = freshDirectory();
    await refuses(directory, false, 'CLORTHO_NOT_FOUND');
    await mkdir(directory, { recursive: true });
    await refuses(directory, false, 'CLORTHO_NOT_FOUND');
    await writeFile(join(directory, 'registers.mdb'), '');
    await refuses(directory, false, 'CLORTHO_NOT_FOUND');
    await (await lmdbRegisterStore(directory, { create: true })).close();
    await (await lmdbRegisterStore(directory)).close();
  });

  it('are refused when the file is foreign or damaged', async () => {
    const directory = freshDirectory();
    const file = join(directory, 'registers.mdb');
    const store = await lmdbRegisterStore(directory, { create: true });
    await store.compareAndSwap([{ key: 'a', expect: 0, value: new Uint8Array(200_000) }]);
    await store.close();
    const intact = await readFile(file);
    const otherVersion = Buffer.from(intact);
    otherVersion.writeUInt32LE(99, 28);
    for (const bytes of [
      Buffer.from('hello'),
      Buffer.alloc(20_000, 7),
      otherVersion,
      intact.subarray(0, 5000),
      intact.subarray(0, 8192),
    ]) {
      await writeFile(file, bytes);
      await refuses(directory, true, 'CLORTHO_CORRUPT');
    }
    await writeFile(file, intact);
    await (await lmdbRegisterStore(directory)).close();
  });

  it('are refused when another program keeps its data there', async () => {
    const directory = freshDirectory();
    await mkdir(directory, { recursive: true });
    const { open } = await import('lmdb');
    const foreign = open({ path: join(directory, 'registers.mdb'), noSubdir: true });
    await foreign.put('theirs', 1);
    await foreign.close();
    await refuses(directory, true, 'CLORTHO_CORRUPT');
  });

  it('report a damaged value, and only where it is', async () => {
    const directory = freshDirectory();
    const file = join(directory, 'registers.mdb');
    const marker = 'a value that is easy to find in the file';
    const first = await lmdbRegisterStore(directory, { create: true });
    await first.compareAndSwap([
      { key: 'damaged', expect: 0, value: Buffer.from(marker) },
      { key: 'intact', expect: 0, value },
    ]);
    await first.close();
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at)) bytes[at] = 0;
    await writeFile(file, bytes);
    const store = await lmdbRegisterStore(directory);
    await expect(store.read(['damaged'])).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    await expect(store.compareAndSwap([{ key: 'damaged', expect: 1, value }])).rejects.toMatchObject({
      code: 'CLORTHO_CORRUPT',
    });
    expect((await store.read(['intact']))[0]?.value).toEqual(value);
    await store.close();
  });

  it('survive being opened and closed while others use them', async () => {
    const directory = freshDirectory();
    const store = await lmdbRegisterStore(directory, { create: true });
    const swaps = Array.from({ length: 50 }, async (_swap, index) => {
      const other = await lmdbRegisterStore(directory);
      const result = await other.compareAndSwap([{ key: `k${index}`, expect: 0, value }]);
      await other.close();
      return result.applied;
    });
    expect(await Promise.all(swaps)).toEqual(Array.from({ length: 50 }, () => true));
    expect((await store.read(['k49']))[0]?.version).toBe(1);
    await store.close();
  });

  it('are not taken for damaged while another store makes the file grow', async () => {
    const directory = freshDirectory();
    const store = await lmdbRegisterStore(directory, { create: true });
    let growing = true;
    const checks = (async () => {
      for (; growing; ) await checkLmdbFile(join(directory, 'registers.mdb'));
    })();
    for (let index = 0; index < 150; index += 1) {
      await store.compareAndSwap([{ key: `k${index}`, expect: 0, value: new Uint8Array(100_000) }]);
    }
    growing = false;
    await checks;
    await store.close();
  });

  it('keep a swap that is on its way when the store is closed', async () => {
    const directory = freshDirectory();
    const store = await lmdbRegisterStore(directory, { create: true });
    const swap = store.compareAndSwap([{ key: 'a', expect: 0, value }]);
    await store.close();
    expect(await swap).toEqual({ applied: true });
    const again = await lmdbRegisterStore(directory);
    expect((await again.read(['a']))[0]?.value).toEqual(value);
    await again.close();
  });

  it('are counted right by three processes at once', async () => {
    const directory = freshDirectory();
    const script = fileURLToPath(new URL('increment.mjs', import.meta.url));
    const count = 60;
    const store = await lmdbRegisterStore(directory, { create: true });
    await Promise.all(
      ['x', 'y', 'z'].map((writer) =>
        promisify(execFile)(process.execPath, [script, directory, String(count), writer]),
      ),
    );
    const [counter] = await store.read(['counter']);
    expect(counter?.version).toBe(3 * count);
    expect(Buffer.from(counter?.value ?? []).toString()).toBe(String(3 * count));
    let listed = 0;
    for await (const { key } of store.list('done/')) listed += key.startsWith('done/') ? 1 : 0;
    expect(listed).toBe(3 * count);
    await store.close();
  });
});

async function refuses(
  directory: string,
  create: boolean,
  code: 'CLORTHO_NOT_FOUND' | 'CLORTHO_CORRUPT',
): Promise<void> {
  await expect(lmdbRegisterStore(directory, { create })).rejects.toSatisfy((error) =>
    isClorthoError(error, code),
  );
}
