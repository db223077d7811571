/**
 * The command line of the processes: `pnpm test:processes --batches 2000 --seed 1`.
 *
 *     --writers N    processes, default 4             --kills N      how often the first is killed at most, default 40
 *     --batches N    batches of each, default 2,000   --kill-ms N    a life lasts at most so long, default 4,000
 *     --seed S       when it is killed, default drawn  --keep         leave the store where it is
 *
 * Exits with 1 if a promise was broken. With CLORTHO_TOTALS=FILE the totals go there as JSON, too.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom, systemRandom } from '@clortho/base';
import { runProcesses } from './run-processes.ts';

const SHOWN_MAX = 20;

const { values } = parseArgs({
  options: {
    writers: { type: 'string', default: '4' },
    batches: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '40' },
    'kill-ms': { type: 'string', default: '4000' },
    seed: { type: 'string', default: String(systemRandom.uint32()) },
    keep: { type: 'boolean', default: false },
  },
});
const [writers, batches, killsMax, killMsMax, seed] = [
  countOf('writers', values.writers),
  countOf('batches', values.batches),
  countOf('kills', values.kills),
  countOf('kill-ms', values['kill-ms']),
  countOf('seed', values.seed),
] as const;
const directory = await mkdtemp(join(tmpdir(), 'clortho-processes-'));
const worker = fileURLToPath(new URL('worker.js', import.meta.url));
const random = seededRandom(seed);
const result = await runProcesses({ worker, directory, writers, batches, killsMax, killMsMax, random });
const { problems, kills, acknowledged, unnoted, restarts, commits, writeMs } = result;
for (const problem of problems.slice(0, SHOWN_MAX)) process.stderr.write(`${problem}\n`);
if (values.keep || problems.length > 0) process.stderr.write(`the store is in ${directory}\n`);
else await rm(directory, { recursive: true, force: true });
const rate = Math.round((writers * batches * 1000) / writeMs);
process.stdout.write(
  `${writers} processes × ${batches} batches in ${commits} commits, seed ${seed}: ${kills} kills, ` +
    `${acknowledged} acknowledged, ${unnoted} committed unnoted, ${restarts} restarts, ` +
    `${problems.length} problems (${(writeMs / 1000).toFixed(1)} s, ${rate} batches/s)\n`,
);
const totals = process.env['CLORTHO_TOTALS'];
if (totals !== undefined) {
  const isRight = problems.length === 0;
  writeFileSync(totals, JSON.stringify({ passed: isRight ? 1 : 0, failed: isRight ? 0 : 1 }));
}
process.exitCode = problems.length === 0 ? 0 : 1;

function countOf(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  process.stderr.write(`--${name} is a count: ${text}\n`);
  process.exit(2);
}
