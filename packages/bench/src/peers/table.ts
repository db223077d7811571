/** A run as tables: for a terminal, and in Markdown. */

import { median } from '../workload/statistics.ts';
import { type Bar, BEST } from './bars.ts';
import { type Judgement, judge, workloadNamed } from './judge.ts';
import { CLORTHO, PEERS } from './peers.ts';
import { type Results, type Summary, summaryOf } from './results.ts';
import type { CloudUse } from './run/sample.ts';
import { GROUPS } from './workloads.ts';

/** Headings, and cells below them. The first column is text, the others are numbers. */
export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const MILLION = 1e6;
const MEASURES = { value: '', rssMiB: 'resident memory, MiB', stallMs: 'longest stretch, ms' };

/** Returns the medians: a line per workload, a column per peer. */
export function medianTable(results: Results): Table {
  return tableOf(results, ({ median }, unit) => numberText(median, unit));
}

/** Returns least and greatest of the rounds. */
export function spreadTable(results: Results): Table {
  return tableOf(results, ({ least, most }, unit) => `${numberText(least, unit)}–${numberText(most, unit)}`);
}

/** Returns processor time per operation, of all threads. */
export function cpuTable(results: Results): Table {
  return tableOf(results, ({ cpuMicrosPerOp }, unit) => (unit === 'ops/s' ? cpuMicrosPerOp.toFixed(1) : ''));
}

/** Returns the greatest resident memory. */
export function memoryTable(results: Results): Table {
  return tableOf(results, ({ rssBytes }) => (rssBytes / MIB).toFixed(0));
}

/** Returns the longest stretch in which the event loop did not turn. */
export function stallTable(results: Results): Table {
  return tableOf(results, ({ stallMs }) => stallMs.toFixed(1));
}

/** Returns what a round gave the disk. */
export function bytesTable(results: Results): Table {
  return tableOf(results, ({ bytesWritten }) =>
    bytesWritten === undefined ? '' : (bytesWritten / MIB).toFixed(0),
  );
}

/** Returns what an operation asked of the modelled cloud, and what a million of them cost: a line per workload and peer. */
export function cloudTable({ lines }: Results): Table {
  const headings = [
    'workload',
    'store',
    'per second',
    'GETs',
    'PUTs',
    'register calls',
    'KiB read',
    '$ per million',
  ];
  const rows = lines.flatMap(({ workload, peer, samples }) => {
    const uses = samples.flatMap(({ cloud }) => cloud ?? []);
    if (uses.length === 0) return [];
    const middle = (of: (use: CloudUse) => number): number => median(uses.map(of));
    return [
      [
        workload,
        peer,
        numberText(
          middle(({ opsPerSecond }) => opsPerSecond),
          'ops/s',
        ),
        middle(({ requests }) => requests.gets).toFixed(3),
        middle(({ requests }) => requests.puts).toFixed(4),
        middle(({ requests }) => requests.registerReads + requests.registerWrites).toFixed(4),
        (middle(({ requests }) => requests.bytesGot) / KIB).toFixed(1),
        (middle(({ dollars }) => dollars) * MILLION).toFixed(3),
      ],
    ];
  });
  return { headings, rows };
}

/** Returns the bars and what became of them. */
export function barTable(results: Results): Table {
  return { headings: ['workload', 'against', 'measured', 'bar', ''], rows: judge(results).map(barCells) };
}

/** Returns a table as aligned lines. */
export function alignedText({ headings, rows }: Table): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}

/** Returns a table in Markdown. */
export function markdownTable({ headings, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = `|---|${'--:|'.repeat(headings.length - 1)}`;
  return [line(headings), rule, ...rows.map(line)].join('\n');
}

function tableOf(results: Results, cell: (summary: Summary, unit: string) => string): Table {
  const peers = PEERS.map(({ name }) => name).filter((name) =>
    results.lines.some(({ peer }) => peer === name),
  );
  const rows = GROUPS.flatMap(({ workloads }) => workloads)
    .filter(({ name }) => results.lines.some(({ workload }) => workload === name))
    .map(({ name, title, of, unit }) => [
      unit === 'ops/s' ? `${title}, ${of}/s` : `${title}, ${unit}`,
      ...peers.map((peer) => {
        const summary = summaryOf(results, name, peer);
        return summary === undefined ? '–' : cell(summary, unit);
      }),
    ]);
  return { headings: ['workload', ...peers], rows };
}

function barCells({ bar, value, against, verdict }: Judgement): string[] {
  const { title, unit } = workloadNamed(bar.workload);
  const measure = MEASURES[bar.measure ?? 'value'];
  const isRatio = bar.against !== undefined;
  const suffix = isRatio ? ' ×' : (bar.measure ?? 'value') === 'value' ? ` ${unit}` : '';
  const limit = bar.least === undefined ? `at most ${bar.most}` : `at least ${bar.least}`;
  return [
    measure === '' ? title : `${title}: ${measure}`,
    againstText(bar, against),
    value === undefined ? '–' : `${value.toFixed(value < 100 ? 2 : 0)}${suffix}`,
    `${limit}${suffix}`,
    verdict,
  ];
}

function againstText({ against, to }: Bar, name: string | undefined): string {
  if (against === BEST) return `best: ${name ?? 'nobody'}`;
  if (against === CLORTHO && to !== undefined) return to;
  return against ?? '';
}

function numberText(value: number, unit: string): string {
  if (unit !== 'ops/s') return value.toFixed(value < 10 ? 2 : 1);
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)}k`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)}k` : value.toFixed(0);
}
