/**
 * Line charts as SVG: panels below each other over one time axis.
 *
 *     runs     ┌──────────────── 12  a bar, dashed
 *              │  /\/\/\/\
 *     MiB      │ ───────────
 *              │
 *              └───────────────── minutes
 *
 * Both themes of a page can show it: the background is white, and nothing else is assumed.
 */

/** One line. */
export interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

/** Lines over the same axis. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Drawn as a dashed line. */
  readonly most?: number | undefined;
}

const WIDTH = 860;
const PANEL_HEIGHT = 150;
const GAP = 46;
const LEFT = 64;
const RIGHT = 24;
const TOP = 34;
const COLOURS = ['#1f6feb', '#bf5700', '#2da44e', '#8250df'];
const GRID_LINES = 4;
const POINTS_MAX = 600;

/** Returns the picture; values are spread evenly over `minutes`. */
export function lineChart(panels: readonly Panel[], minutes: number): string {
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP);
  const drawn = panels.map((panel, index) => drawPanel(panel, TOP + index * (PANEL_HEIGHT + GAP), minutes));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, lines, most }: Panel, top: number, minutes: number): string[] {
  const highest = niceCeiling(Math.max(1, most ?? 0, ...lines.flatMap(({ values }) => values)));
  const bottom = top + PANEL_HEIGHT;
  const y = (value: number): number => round(bottom - (value / highest) * PANEL_HEIGHT);
  const right = WIDTH - RIGHT;
  const grid = Array.from({ length: GRID_LINES + 1 }, (_, line) => {
    const value = (highest * line) / GRID_LINES;
    return [
      `<line x1="${LEFT}" x2="${right}" y1="${y(value)}" y2="${y(value)}" stroke="#d0d7de"/>`,
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end" fill="#57606a">${label(value)}</text>`,
    ].join('');
  });
  const ticks = Array.from({ length: 6 }, (_, tick) => {
    const x = LEFT + ((right - LEFT) * tick) / 5;
    return `<text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="#57606a">${label((minutes * tick) / 5)} min</text>`;
  });
  const bar =
    most === undefined
      ? []
      : [
          `<line x1="${LEFT}" x2="${right}" y1="${y(most)}" y2="${y(most)}" stroke="#cf222e" stroke-dasharray="6 4"/>`,
        ];
  const curves = lines.map(({ values }, index) => {
    const shown = thinned(values);
    const x = (at: number): number => round(LEFT + ((right - LEFT) * at) / Math.max(1, shown.length - 1));
    const points = shown.map((value, at) => `${x(at)},${y(value)}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="${COLOURS[index]}" stroke-width="1.4"/>`;
  });
  const names = lines.map(({ name }, index) => `<tspan fill="${COLOURS[index]}" dx="14">${name}</tspan>`);
  const heading = `<text x="${LEFT}" y="${top - 10}" fill="#1f2328" font-weight="bold">${title}<tspan font-weight="normal">${names.join('')}</tspan></text>`;
  return [heading, ...grid, ...ticks, ...bar, ...curves];
}

/** Returns at most `POINTS_MAX` values, the greatest of each stretch: what is asked is how high it went. */
function thinned(values: readonly number[]): readonly number[] {
  if (values.length <= POINTS_MAX) return values;
  const stretch = values.length / POINTS_MAX;
  return Array.from({ length: POINTS_MAX }, (_, point) =>
    Math.max(...values.slice(Math.floor(point * stretch), Math.max(Math.floor((point + 1) * stretch), 1))),
  );
}

/** Returns the next of 1, 2, 4, 8 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 8, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

function label(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
