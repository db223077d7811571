/** The latest flights as a list, and what pruning spared. */
import { formatCount, formatDuration, formatShare } from '../../output/format.ts';
import { LATE_MINUTES } from '../plain-answers.ts';
import type { LateFlights } from './late-flights.ts';

const SHOWN = 5;
const MS_PER_MINUTE = 60_000;

/** Returns the worst of them and the pruning report. */
export function renderLate({ flights, pruning, ms }: LateFlights): string {
  const { filesRead, filesSkipped, blocksRead, blocksSkipped } = pruning;
  const title = `${formatCount(flights.length)} flights were more than ${LATE_MINUTES / 60} hours late`;
  const worst = flights.slice(0, SHOWN).map(({ origin, destination, minute, delay, distance }) => {
    const when = new Date(minute * MS_PER_MINUTE).toISOString().slice(0, 16).replace('T', ' ');
    const late = `${Math.floor(delay / 60)} h ${String(delay % 60).padStart(2, '0')} min`;
    return `  ${origin} → ${destination}  ${when}  ${late.padStart(11)} late  ${formatCount(distance).padStart(5)} miles`;
  });
  const files = `${formatCount(filesSkipped)} of ${formatCount(filesRead + filesSkipped)} files`;
  const blocks = `${formatCount(blocksSkipped)} of ${formatCount(blocksRead + blocksSkipped)} blocks`;
  const share = formatShare(filesSkipped, filesRead + filesSkipped);
  return [
    title,
    ...worst,
    `  found in ${formatDuration(ms)}: skipped ${files} (${share}) and ${blocks} by their delay statistics`,
    '',
  ].join('\n');
}
