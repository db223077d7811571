/** The bill as a table. */
import { formatCount, formatDollars } from '../output/format.ts';
import type { Bill } from './bill.ts';

/** Returns the lines of the bill and its sums. */
export function renderBill({ lines, requestDollars, monthDollars, listedOn }: Bill): string {
  const rows = lines.map(
    ({ what, count, dollars }) =>
      `  ${what.padEnd(22)} ${formatCount(count).padStart(10)}  ${formatDollars(dollars).padStart(9)}`,
  );
  return [
    `The bill of this run, had it been S3 and DynamoDB (list prices of ${listedOn})`,
    ...rows,
    `  ${'together'.padEnd(33)}  ${formatDollars(requestDollars).padStart(9)}`,
    `  ${'what is kept, per month'.padEnd(33)}  ${formatDollars(monthDollars).padStart(9)}`,
    '',
  ].join('\n');
}
