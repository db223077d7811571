/**
 * `pnpm bench`: Clortho beside other stores, in one run. `pnpm bench:install` fetches the others first.
 *
 *     --entries N      1,000,000 by default        --only A,B     some workloads or groups
 *     --seconds S      of a round, 1.5             --peers A,B    some stores; Clortho always; `unmerged`: its commits alone
 *     --seed S         what rows are drawn from    --profile DIR  processor profiles of Clortho's processes
 *     --out DIR        where the page goes; docs/bench by default, if all was run
 *     --check          write nothing, exit with 1 if a bar is missed: `pnpm bench:check`
 *     --from FILE      judge an earlier run, the JSON of a page, and run nothing
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@clortho/base';
import { machineKind } from '../report/machine.ts';
import { progressLines } from '../report/progress.ts';
import { judge, missed } from './judge.ts';
import { renderJson, renderPage, renderPicture } from './page.ts';
import { CLORTHO, presentPeers } from './peers.ts';
import type { Results } from './results.ts';
import { chosen, compare } from './schedule.ts';
import { alignedText, barTable, cloudTable, cpuTable, medianTable } from './table.ts';

const PAGES = fileURLToPath(new URL('../../../../docs/bench/', import.meta.url));

const { values: options } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '1.5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    peers: { type: 'string' },
    profile: { type: 'string' },
    out: { type: 'string' },
    check: { type: 'boolean', default: false },
    from: { type: 'string' },
  },
});

const results =
  options.from === undefined ? await run() : (JSON.parse(readFileSync(options.from, 'utf8')) as Results);
print(results);
if (options.check) process.exitCode = isHeld(results) ? 0 : 1;
else if (options.from === undefined) write(results);

async function run(): Promise<Results> {
  const entries = positive('entries', options.entries);
  const seed = positive('seed', options.seed);
  const seconds = positive('seconds', options.seconds);
  const only = options.only?.split(',');
  chosen(only);
  const { peers, skipped } = await presentPeers(options.peers?.split(','));
  for (const { peer, why } of skipped) process.stderr.write(`left out: ${peer}, ${why}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'clortho-peers-'));
  try {
    const plan = { entries, seed, seconds, only, profile: options.profile };
    const found = await compare(plan, peers, folder, progressLines());
    return { entries, seed, lines: found.lines, skipped: [...skipped, ...found.skipped] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Clortho leaving a group is as bad as a missed bar. */
function isHeld(found: Results): boolean {
  return missed(judge(found)) === 0 && !found.skipped.some(({ peer }) => peer === CLORTHO);
}

function print(found: Results): void {
  const { entries, seed, skipped } = found;
  const left = skipped.map(({ peer, why }) => `left out: ${peer}, ${why}`);
  const judgements = judge(found);
  const cloud = cloudTable(found);
  const unmeasured = judgements.filter(({ verdict }) => verdict === 'not measured').length;
  const parts = [
    alignedText(medianTable(found)),
    `processor time per operation, µs\n${alignedText(cpuTable(found))}`,
    ...(cloud.rows.length > 0 ? [`in the modelled cloud, per operation\n${alignedText(cloud)}`] : []),
    alignedText(barTable(found)),
    ...(left.length > 0 ? [left.join('\n')] : []),
    `${entries} entries, seed ${seed}: ${missed(judgements)} bars are missed, ${unmeasured} were not measured`,
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

function write(found: Results): void {
  const isPartial = options.only !== undefined || options.peers !== undefined;
  const folder = options.out ?? (isPartial ? undefined : PAGES);
  if (folder === undefined) return;
  const day = new Date(systemClock.now() / 1000).toISOString().slice(0, 10);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'peers.md'), renderPage(found, machineKind(), day));
  writeFileSync(join(folder, 'peers.json'), renderJson(found, machineKind(), day));
  writeFileSync(join(folder, 'peers.svg'), renderPicture(found));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  process.stderr.write(`--${name} is a number above zero: ${text}\n`);
  return process.exit(2);
}
