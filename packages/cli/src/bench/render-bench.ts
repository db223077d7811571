/** The results of the bench as a table. */
import { PRICES } from '../demo/prices.ts';
import { formatBytes, formatCount, formatDollars, formatLatency } from '../output/format.ts';
import { type Column, renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import type { WorkloadResult } from './run-bench.ts';

const TITLES = ['ops/s', 'rows/s', 'p50', 'p99', 'requests/op', 'bytes/op'];

/** Returns the lines of the table; with what the prices are, where there are any. */
export function renderBench(terminal: Terminal, results: readonly WorkloadResult[]): string {
  const isPriced = results.some(({ dollarsPerMillionOps }) => dollarsPerMillionOps !== undefined);
  const columns: Column[] = [
    { title: 'workload' },
    ...[...TITLES, ...(isPriced ? ['$/million ops'] : [])].map((title) => ({
      title,
      align: 'right' as const,
    })),
  ];
  const table = renderTable(terminal, columns, results.map(cellsOf));
  return isPriced ? `${table}\n\n${PRICE_NOTE}` : table;
}

/** What the prices stand on. */
export const PRICE_NOTE: string =
  `Prices are an estimate: the requests at the list prices of S3 Standard (${perThousand(PRICES.objectWrite)} PUT or LIST, ` +
  `${perThousand(PRICES.objectRead)} GET) and\nDynamoDB on demand ($${(PRICES.registerWriteUnit * 1e6).toFixed(3)} per million ` +
  `write units, $${(PRICES.registerReadUnit * 1e6).toFixed(3)} read units) in us-east-1, as listed on ${PRICES.listedOn};\n` +
  'without storage, transfer, taxes and free tiers.';

function perThousand(dollars: number): string {
  return `$${(dollars * 1000).toFixed(4)} per 1,000`;
}

function cellsOf(result: WorkloadResult): string[] {
  const { title, opsPerSecond, rowsPerSecond, p50Ms, p99Ms } = result;
  const { requestsPerOp, bytesPerOp, dollarsPerMillionOps } = result;
  return [
    title,
    formatRate(opsPerSecond),
    formatRate(rowsPerSecond),
    formatLatency(p50Ms),
    formatLatency(p99Ms),
    formatRate(requestsPerOp),
    formatBytes(Math.round(bytesPerOp)),
    ...(dollarsPerMillionOps === undefined ? [] : [formatDollars(dollarsPerMillionOps)]),
  ];
}

/** Returns a number with the digits that small ones need. */
function formatRate(value: number): string {
  return value >= 100 ? formatCount(value) : value.toPrecision(value >= 0.001 ? 3 : 1);
}
