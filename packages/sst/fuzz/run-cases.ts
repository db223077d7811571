/** Runs cases one after the other in this process. */
import { performance } from 'node:perf_hooks';
import { type AllocationMeter, meterAllocations } from './allocations.ts';
import { MAX_BLOCK_BYTES } from './corpus/base-file.ts';
import type { Corpus } from './corpus/corpus.ts';
import { Draw, seedOf } from './draw.ts';
import { countCase, type Figures, type FoundCase, noFigures } from './figures.ts';
import { Finding } from './finding.ts';
import { trialOf } from './fuzz-case.ts';
import { readEverything } from './read/read-everything.ts';
import type { Trial } from './read/trial.ts';

/** What came of some cases. */
export interface CasesResult {
  readonly figures: Figures;
  readonly found: readonly FoundCase[];
}

/** A case that takes longer than this has no bound: the slowest ask a library filter for tens of thousands of keys. */
const CASE_MS_MAX = 20_000;
/** What is allocated whatever the file: a footer, the least chunk of zlib, the state of a collector. */
const FIXED_BYTES = 256;

/** Runs the cases `[first, end)` of a seed. */
export async function runCases(
  corpus: Corpus,
  seed: number,
  first: number,
  end: number,
): Promise<CasesResult> {
  const figures = noFigures();
  const found: FoundCase[] = [];
  const { stackTraceLimit } = Error;
  // Most cases throw: collecting traces would take longer than reading.
  Error.stackTraceLimit = first + 1 === end ? stackTraceLimit : 0;
  const meter = meterAllocations();
  try {
    for (let number = first; number < end; number += 1) {
      const one = await runCase(corpus, seed, number, figures, meter);
      if (one !== undefined) found.push(one);
    }
  } finally {
    meter.remove();
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { figures, found };
}

async function runCase(
  corpus: Corpus,
  seed: number,
  number: number,
  figures: Figures,
  meter: AllocationMeter,
): Promise<FoundCase | undefined> {
  const draw = new Draw(seedOf(seed, number));
  let trial: Trial | undefined;
  try {
    trial = trialOf(draw, corpus, number);
    meter.take();
    const began = performance.now();
    const { code, text, rows } = await readEverything(draw, trial);
    figures.rows += rows;
    countCase(figures, trial.kind, code, text);
    checkCost(trial, number, meter.take(), performance.now() - began, figures);
    return undefined;
  } catch (error) {
    return {
      number,
      kind: trial?.kind ?? 'none',
      problem: problemOf(error),
      bytes: trial && Buffer.from(trial.bytes).toString('base64'),
    };
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return `the fuzzer failed: ${String(error)}`;
  const problem = error instanceof Finding ? error.message : `the fuzzer failed: ${error.message}`;
  const { stack } = error.cause instanceof Error ? error.cause : error;
  return stack === undefined ? problem : `${problem}\n${stack}`;
}

/** Checks what a case took; a file may have itself allocated once more, and its bound. */
function checkCost(trial: Trial, number: number, largest: number, ms: number, figures: Figures): void {
  if (ms > figures.longestMs) Object.assign(figures, { longestMs: ms, longestCase: number });
  const isSmall = trial.maxBlockBytes === MAX_BLOCK_BYTES && trial.bytes.length < MAX_BLOCK_BYTES;
  if (isSmall) figures.largestAllocation = Math.max(figures.largestAllocation, largest);
  const most = Math.max(trial.maxBlockBytes, trial.bytes.length) + FIXED_BYTES;
  if (largest > most) throw new Finding(`allocates ${largest} bytes at once where ${most} are the bound`);
  if (ms > CASE_MS_MAX) throw new Finding(`takes ${Math.round(ms)} ms`);
}
