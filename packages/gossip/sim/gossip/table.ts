/** The promises of the package and what the simulation measures of them, over many seeds. */
import type { ExperimentOptions, ExperimentReport } from '@clortho/gossip/simulation';
import { runFleet } from './fleet.ts';
import type { Measured } from './worker.ts';

/** How to measure. */
export interface TableOptions {
  /** The first seed, and how many; 20 by default, 3 for a quick table. */
  readonly first: number;
  readonly seeds: number | undefined;
  /** How many processes. */
  readonly jobs: number;
  /** Groups of rows to measure, those whose names contain this. */
  readonly only: string;
  /** Whether a tenth of the nodes is enough. */
  readonly isQuick: boolean;
  readonly isJson: boolean;
  readonly say: (text: string) => void;
}

interface Measure {
  readonly what: string;
  readonly unit: string;
  readonly most: number;
  readonly of: (measured: Measured) => number | undefined;
}

/** Rows that one experiment answers. */
interface Group {
  readonly name: string;
  readonly experiment: Omit<ExperimentOptions, 'seed'>;
  /** How many seeds, if not as many as everywhere. */
  readonly seeds?: number;
  readonly measures: readonly Measure[];
}

interface Row extends Measure {
  readonly values: readonly number[];
}

const SEEDS = 20;
const SEEDS_QUICK = 3;
const HOUR_S = 3600;
const LOSS = { loss: 0.1 };

/** Measures and prints every row; tells whether all promises were kept. */
export async function runTable(options: TableOptions): Promise<boolean> {
  const { first, isQuick, isJson, jobs, only, say } = options;
  const seeds = options.seeds ?? (isQuick ? SEEDS_QUICK : SEEDS);
  const rows: Row[] = [];
  if (!isJson) say(`| what, over ${seeds} seeds | median | maximum | at most | |\n|---|---:|---:|---:|---|`);
  for (const { name, experiment, measures, seeds: own } of groupsOf(isQuick ? 10 : 1, seeds)) {
    if (!name.includes(only)) continue;
    const runs = Array.from({ length: own ?? seeds }, (_, index) => ({ ...experiment, seed: first + index }));
    const measured = await runFleet(runs, jobs);
    for (const measure of measures) {
      const row = { ...measure, values: measured.map((one) => measure.of(one) ?? Number.POSITIVE_INFINITY) };
      rows.push(row);
      if (!isJson) say(lineOf(row));
    }
  }
  const missed = rows.filter(isMissed);
  if (isJson) say(JSON.stringify({ first, seeds, rows: rows.map(summaryOf), missed: missed.length }));
  else say(`\n${rows.length - missed.length} of ${rows.length} promises kept, from seed ${first}`);
  return missed.length === 0;
}

function groupsOf(scale: number, seeds: number): Group[] {
  const small = 1000 / scale;
  const large = 10_000 / scale;
  const of =
    (read: (report: ExperimentReport) => number | undefined) =>
    ({ report }: Measured): number | undefined =>
      read(report);
  const rumour = of(({ rumourAllMs }) => rumourAllMs);
  const deaths = of(({ falseDeaths }) => falseDeaths);
  const idle = of(({ idleBytesPerSecond }) => idleBytesPerSecond);
  const share = HOUR_S / seeds / scale;
  const speed = (nodes: number, seconds: number, most: number): Group => ({
    name: `speed ${nodes}`,
    experiment: { nodes, seconds, link: LOSS, rumourAtMs: 5000, crashAtMs: 10_000 },
    seeds: 1,
    measures: [
      {
        what: `simulating ${nodes} nodes for ${seconds} s, processor time`,
        unit: 's',
        most,
        of: ({ cpuSeconds }) => cpuSeconds,
      },
      { what: `… resident memory`, unit: 'MiB', most: 4096, of: ({ rssMiB }) => rssMiB },
    ],
  });
  return [
    {
      name: 'rumour small',
      experiment: { nodes: small, seconds: 10, link: LOSS, rumourAtMs: 1000, endsEarly: true },
      measures: [{ what: `rumour to all ${small}, 10 % loss`, unit: 'ms', most: 1200, of: rumour }],
    },
    {
      name: 'rumour large',
      experiment: { nodes: large, seconds: 10, link: LOSS, rumourAtMs: 1000, endsEarly: true },
      measures: [{ what: `rumour to all ${large}, 10 % loss`, unit: 'ms', most: 1400, of: rumour }],
    },
    {
      name: 'half lost',
      experiment: { nodes: small, seconds: 15, link: { loss: 0.5 }, rumourAtMs: 1000, endsEarly: true },
      measures: [{ what: `rumour to all ${small}, 50 % loss`, unit: 'ms', most: 10_000, of: rumour }],
    },
    {
      name: 'crash',
      experiment: { nodes: small, seconds: 30, link: LOSS, crashAtMs: 1000, endsEarly: true },
      measures: [
        {
          what: `crash, suspected by one of ${small}`,
          unit: 'ms',
          most: 3000,
          of: of((report) => report.suspectFirstMs),
        },
        {
          what: `crash, suspected by all ${small}`,
          unit: 'ms',
          most: 3000,
          of: of((report) => report.suspectAllMs),
        },
        {
          what: `crash, dead for all ${small}`,
          unit: 'ms',
          most: 10_000,
          of: of((report) => report.deadAllMs),
        },
      ],
    },
    {
      name: 'hour',
      experiment: { nodes: small, seconds: share, link: LOSS },
      measures: [
        { what: `false deaths of ${small}, 10 % loss, ${share} s each`, unit: '', most: 0, of: deaths },
      ],
    },
    {
      name: 'pausing',
      experiment: { nodes: small, seconds: 15, pausing: 0.05 },
      measures: [
        { what: `false deaths of ${small}, 5 % pause up to 2 s, 15 s each`, unit: '', most: 0, of: deaths },
      ],
    },
    ...[100 / scale, small, large].map((nodes) => ({
      name: `idle ${nodes}`,
      experiment: { nodes, seconds: 5 },
      measures: [{ what: `idle bytes/s per node of ${nodes}`, unit: 'B', most: 2000, of: idle }],
      ...(nodes === large ? { seeds: 1 } : {}),
    })),
    {
      name: 'busy',
      experiment: { nodes: small, seconds: 3, changesPerSecond: 400, link: LOSS },
      measures: [
        {
          what: `bytes in any second of any of ${small}, 400 changes/s`,
          unit: 'B',
          most: 36_000,
          of: of(({ bytesPerSecondMax }) => bytesPerSecondMax),
        },
      ],
    },
    speed(small, 60, 10),
    speed(large, 30, 120),
  ];
}

function summaryOf(row: Row): object {
  const { what, unit, most, values } = row;
  return {
    what,
    unit,
    median: median(values),
    max: Math.max(...values),
    most,
    seeds: values.length,
    ok: !isMissed(row),
  };
}

function isMissed({ values, most }: Row): boolean {
  return Math.max(...values) > most;
}

function lineOf(row: Row): string {
  const text = (value: number): string => {
    const digits = row.unit === 's' ? 1 : 0;
    return `${value.toLocaleString('en', { maximumFractionDigits: digits })} ${row.unit}`.trim();
  };
  const verdict = isMissed(row) ? 'MISSED' : 'ok';
  return `| ${row.what} | ${text(median(row.values))} | ${text(Math.max(...row.values))} | ${text(row.most)} | ${verdict} |`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
