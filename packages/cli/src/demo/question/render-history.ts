/** The history of an airport as plots over its days. */
import { lineChart, sparkline } from '../../output/chart.ts';
import { formatCount, formatDay, formatDuration } from '../../output/format.ts';
import type { AirportHistory } from './airport-history.ts';

const PLOT_COLUMNS = 90;
const PLOT_LINES = 8;
/** A first or last day that is not whole would dwarf the rest of the plot. */
const WHOLE_DAYS_MIN = 3;

/** Returns a line chart of the mean delay and a sparkline of the departures per day. */
export function renderHistory({ airport, versions, days, ms }: AirportHistory): string {
  const title = `${airport} by the day: ${formatCount(versions.length)} versions of one key, read in ${formatDuration(ms)}`;
  const whole = days.slice(0, -1);
  if (whole.length < WHOLE_DAYS_MIN) return `${title}\n`;
  const span = `${formatDay((whole[0]?.end ?? 0) - 1)} to ${formatDay((whole.at(-1)?.end ?? 0) - 1)}`;
  const chart = lineChart(
    whole.map(({ meanDelay }) => meanDelay),
    PLOT_COLUMNS,
    PLOT_LINES,
  );
  const step = Math.max(1, Math.ceil(whole.length / PLOT_COLUMNS));
  const departures = whole.filter((_, day) => day % step === 0).map((day) => day.departures);
  return [title, `  mean delay in minutes, ${span}`, chart, `  departures ${sparkline(departures)}`, ''].join(
    '\n',
  );
}
