/** The busiest airports as a table with one column per time. */
import { bar } from '../../output/chart.ts';
import { formatCount, formatDay, formatDuration } from '../../output/format.ts';
import type { BusiestAirports } from './busiest-airports.ts';

const BAR_CHARACTERS = 20;
const CELL_CHARACTERS = 16;

/** Returns the rankings side by side, the newest with bars. */
export function renderBusiest(answers: readonly BusiestAirports[]): string {
  const [now, ...past] = answers;
  if (now === undefined) return '';
  const most = now.ranking[0]?.departures ?? 0;
  const heads = [`now (${formatDay(now.asOf)})`.padEnd(CELL_CHARACTERS + BAR_CHARACTERS + 2)];
  for (const { asOf } of past) heads.push(`as of ${formatDay(asOf)}`.padEnd(CELL_CHARACTERS + 2));
  const lines = now.ranking.map((airport, rank) => {
    const cells = [
      `${cell(airport)} ${bar(airport.departures, most, BAR_CHARACTERS).padEnd(BAR_CHARACTERS + 1)}`,
    ];
    for (const { ranking, airports } of past) {
      const other = ranking[rank];
      const text =
        airports === undefined ? (rank === 0 ? '(truncated)' : '') : other === undefined ? '' : cell(other);
      cells.push(text.padEnd(CELL_CHARACTERS + 2));
    }
    return `  ${cells.join('')}`.trimEnd();
  });
  const times = answers.map(({ ms }) => formatDuration(ms)).join(', ');
  return [
    'The busiest airports, by departures',
    `  ${heads.join('')}`.trimEnd(),
    ...lines,
    `  (answered in ${times})`,
    '',
  ].join('\n');
}

function cell({ airport, departures }: { readonly airport: string; readonly departures: number }): string {
  return `${airport} ${formatCount(departures).padStart(9)}`.padEnd(CELL_CHARACTERS);
}
