/** Small plots of characters: sparklines, bars and line charts. */
import { plot } from 'asciichart';

const SPARKS = '▁▂▃▄▅▆▇█';
/** Eighths of a character, from nothing to one less than all. */
const PARTS = ' ▏▎▍▌▋▊▉';

/** Returns one character per value, its height between the least and the greatest of them. */
export function sparkline(values: readonly number[]): string {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  return values
    .map((value) => SPARKS[range === 0 ? 0 : Math.round(((value - least) / range) * (SPARKS.length - 1))])
    .join('');
}

/** Returns a bar of `width` characters for the greatest value possible, in eighths of a character. */
export function bar(value: number, most: number, width: number): string {
  const eighths = most === 0 ? 0 : Math.round((value / most) * width * 8);
  const part = eighths % 8;
  return '█'.repeat(Math.floor(eighths / 8)) + (part === 0 ? '' : PARTS[part]);
}

/** Returns a line chart of at most `width` columns; several values of a column are averaged. */
export function lineChart(values: readonly number[], width: number, height: number): string {
  const columns = Math.min(values.length, width);
  const means = Array.from({ length: columns }, (_, column) => {
    const start = Math.floor((column * values.length) / columns);
    const end = Math.floor(((column + 1) * values.length) / columns);
    const part = values.slice(start, end);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  return plot(means, { height, format: (value) => value.toFixed(0).padStart(8) });
}
