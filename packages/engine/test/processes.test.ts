/** Several operating system processes on one `file:` store; `pnpm test:processes` runs thousands of batches. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom, systemRandom } from '@clortho/base';
import { expect, it } from 'vitest';
import { runProcesses } from '../sim/processes/run-processes.ts';

/** The compiled worker: a process of its own cannot run TypeScript. */
const WORKER = fileURLToPath(new URL('../.run/sim/processes/worker.js', import.meta.url));
const WRITERS = 4;
const BATCHES = 75;

it('processes that write one store, one of them killed at random moments, lose nothing and tear nothing', async () => {
  const seed = systemRandom.uint32();
  const directory = await mkdtemp(join(tmpdir(), 'clortho-processes-'));
  const { problems, acknowledged, unnoted } = await runProcesses({
    worker: WORKER,
    directory,
    writers: WRITERS,
    batches: BATCHES,
    killsMax: 4,
    killMsMax: 1500,
    random: seededRandom(seed),
  });
  expect(problems, `seed ${seed}, the store is in ${directory}`).toEqual([]);
  expect(acknowledged + unnoted).toBe(WRITERS * BATCHES);
  await rm(directory, { recursive: true });
}, 120_000);
