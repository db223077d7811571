/**
 * The command line of the fuzzer: `pnpm fuzz:sst --cases 1000000 --seed 1`.
 *
 *     --cases N   how many cases, default 100,000      --case K   case K alone, with a trace of what it finds
 *     --seed S    what they are made of, default 1     --jobs N   processes, default one per core
 *     --json      the figures as one line of JSON on stdout
 *
 * Exits with 1 if anything was found: each file lies in `.run/fuzz/` then, and a line says how to see it again.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { corpusOf } from './corpus/corpus.ts';
import { Draw, seedOf } from './draw.ts';
import type { FoundCase } from './figures.ts';
import { runFleet } from './fleet.ts';
import { placesOf, trialOf } from './fuzz-case.ts';
import { showProgress } from './progress.ts';
import { reportOf } from './report.ts';

const FOUND_FOLDER = join('.run', 'fuzz');
const GOLDEN_FOLDER = join('packages', 'sst', 'test', 'golden', 'v1');

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});
const seed = countOf('seed', values.seed);
const first = values.case === undefined ? 0 : countOf('case', values.case);
const end = values.case === undefined ? countOf('cases', values.cases) : first + 1;
const jobs = Math.max(1, countOf('jobs', values.jobs));

const began = performance.now();
const progress = showProgress(end - first);
const { figures, found } = await runFleet({
  seed,
  goldenFolder: GOLDEN_FOLDER,
  first,
  end,
  jobs: Math.min(jobs, end - first),
  onProgress: (done) => progress.update(done),
});
progress.stop();
const seconds = (performance.now() - began) / 1000;
const places = placesOf(corpusOf(seed, undefined));
const findings = found.map((one) => ({ ...one, bytes: undefined, file: keep(one), again: againOf(one) }));
if (values.json) {
  process.stdout.write(`${JSON.stringify({ seed, seconds, places, figures, findings })}\n`);
} else {
  process.stdout.write(`${reportOf(figures, seconds, places)}\n`);
  for (const { number, kind, problem, file, again } of findings) {
    process.stdout.write(`\ncase ${number} (${kind}): ${problem}\n  ${file ?? 'no file'}\n  ${again}\n`);
  }
  process.stdout.write(`\n${findings.length} findings\n`);
}
process.exitCode = findings.length === 0 ? 0 : 1;

function countOf(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  process.stderr.write(`--${name} is a number from 0 on: ${text}\n`);
  return process.exit(2);
}

/** Writes the file of a finding, and returns where it is; none if the fuzzer failed before it had one. */
function keep({ number, bytes }: FoundCase): string | undefined {
  const file = bytes === undefined ? rebuilt(number) : Buffer.from(bytes, 'base64');
  if (file === undefined) return undefined;
  mkdirSync(FOUND_FOLDER, { recursive: true });
  const path = join(FOUND_FOLDER, `seed-${seed}-case-${number}.sst`);
  writeFileSync(path, file);
  return path;
}

/** Returns the file of a case whose process did not live to send it. */
function rebuilt(number: number): Uint8Array | undefined {
  try {
    return trialOf(new Draw(seedOf(seed, number)), corpusOf(seed, GOLDEN_FOLDER), number).bytes;
  } catch {
    return undefined;
  }
}

function againOf({ number }: FoundCase): string {
  return `pnpm fuzz:sst --seed ${seed} --case ${number}`;
}
