/**
 * The command line that all benchmarks share.
 *
 *     --seed S   what the rows are drawn from, default 1      --json    the report as JSON, nothing else
 *     --rows N   a shorter run                                --write   the page of docs/bench, too
 *
 * Exits with 1 if a bar is missed. A run with fewer rows, or shorter, is judged only by what holds at any size.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@clortho/base';
import { verdictOf } from './figure.ts';
import { machineKind } from './machine.ts';
import { type Progress, progressLines } from './progress.ts';
import { missedBars, type Report, renderMarkdown, renderText } from './report.ts';

/** The numbers that a benchmark takes, with their defaults: a smaller one makes a short run. */
export type Sizes = Readonly<Record<string, number>>;

/** What a benchmark is told. */
export interface BenchContext<S extends Sizes> {
  readonly seed: number;
  readonly sizes: S;
  readonly progress: Progress;
}

/** What a benchmark gives; the command line adds the rest. */
export type Findings = Pick<Report, 'about' | 'sections' | 'pictures'>;

/** A benchmark. */
export interface Bench<S extends Sizes> {
  /** `compaction` is called `pnpm bench:compaction`, and its page `docs/bench/compaction.md`. */
  readonly name: string;
  readonly title: string;
  readonly sizes: S;
  run(context: BenchContext<S>): Promise<Findings>;
}

const PAGES = fileURLToPath(new URL('../../../../docs/bench/', import.meta.url));

/** Runs a benchmark as the command line asks, and sets the exit code. */
export async function runBench<S extends Sizes>(bench: Bench<S>): Promise<void> {
  const { seed, sizes, isJson, isWritten } = commandLine(bench.sizes);
  const given = Object.entries(sizes).filter(([name, size]) => size !== bench.sizes[name]);
  const findings = await bench.run({ seed, sizes, progress: progressLines() });
  const report: Report = {
    title: bench.title,
    command: [
      `pnpm bench:${bench.name}`,
      `--seed ${seed}`,
      ...given.map(([name, size]) => `--${name} ${size}`),
    ].join(' '),
    seed,
    isShort: given.some(([name, size]) => size < (bench.sizes[name] ?? 0)),
    ...findings,
  };
  if (isWritten) writePage(bench.name, report);
  process.stdout.write(`${isJson ? renderJson(report) : renderText(report)}\n`);
  process.exitCode = missedBars(report) === 0 ? 0 : 1;
}

function commandLine<S extends Sizes>(
  defaults: S,
): { seed: number; sizes: S; isJson: boolean; isWritten: boolean } {
  const numbers = Object.fromEntries(
    Object.keys({ seed: 1, ...defaults }).map((name) => [name, { type: 'string' as const }]),
  );
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, write: { type: 'boolean' }, ...numbers },
  });
  const numberOf = (name: string, byDefault: number): number => {
    const text = values[name as keyof typeof values];
    const value = text === undefined ? byDefault : Number(text);
    if (Number.isFinite(value) && value >= 0) return value;
    process.stderr.write(`--${name} is a number of zero or more: ${text}\n`);
    return process.exit(2);
  };
  return {
    seed: numberOf('seed', 1),
    sizes: Object.fromEntries(
      Object.entries(defaults).map(([name, size]) => [name, numberOf(name, size)]),
    ) as S,
    isJson: values.json === true,
    isWritten: values.write === true,
  };
}

function renderJson(report: Report): string {
  const { pictures: _, ...facts } = report;
  const sections = report.sections.map(({ title, figures }) => ({
    title,
    figures: figures.map((figure) => ({ ...figure, verdict: verdictOf(figure, report.isShort) })),
  }));
  return JSON.stringify(
    { ...facts, machine: machineKind(), missed: missedBars(report), sections },
    undefined,
    2,
  );
}

function writePage(name: string, report: Report): void {
  const day = new Date(systemClock.now() / 1000).toISOString().slice(0, 10);
  mkdirSync(PAGES, { recursive: true });
  writeFileSync(join(PAGES, `${name}.md`), renderMarkdown(report, machineKind(), day));
  for (const { file, svg } of report.pictures ?? []) writeFileSync(join(PAGES, file), svg);
}
