/**
 * Bar charts as SVG: a panel per workload, a bar per peer, the rate beside it.
 *
 *     get hot              clortho       ████████████████ 412k
 *                          lmdb          ██████████ 264k
 *                          classic-level ███ 92k
 *
 * Both themes of a page can show it: the background is white, and nothing else is assumed.
 */

/** One bar. */
export interface ChartBar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  readonly isOurs: boolean;
}

/** Bars that are compared. */
export interface BarPanel {
  readonly title: string;
  readonly bars: readonly ChartBar[];
}

const WIDTH = 860;
const NAME_WIDTH = 120;
const LABEL_WIDTH = 70;
const BAR_HEIGHT = 13;
const LINE_HEIGHT = 17;
const TITLE_HEIGHT = 30;
const MARGIN = 16;
const OURS = '#1f6feb';
const THEIRS = '#afb8c1';

/** Returns the picture; bars of a panel are drawn in their order, the greatest as wide as there is room. */
export function barChart(panels: readonly BarPanel[]): string {
  let top = MARGIN;
  const drawn = panels.map((panel) => {
    const lines = drawPanel(panel, top);
    top += TITLE_HEIGHT + panel.bars.length * LINE_HEIGHT;
    return lines;
  });
  const height = top + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, bars }: BarPanel, top: number): string[] {
  const greatest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const room = WIDTH - 2 * MARGIN - NAME_WIDTH - LABEL_WIDTH;
  const left = MARGIN + NAME_WIDTH;
  return [
    `<text x="${MARGIN}" y="${top + 18}" fill="#1f2328" font-weight="bold">${escaped(title)}</text>`,
    ...bars.flatMap(({ name, value, label, isOurs }, index) => {
      const y = top + TITLE_HEIGHT + index * LINE_HEIGHT;
      const width = Math.max(1, Math.round((room * value) / greatest));
      return [
        `<text x="${left - 8}" y="${y + 11}" text-anchor="end" fill="#57606a">${escaped(name)}</text>`,
        `<rect x="${left}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${isOurs ? OURS : THEIRS}"/>`,
        `<text x="${left + width + 6}" y="${y + 11}" fill="#1f2328">${escaped(label)}</text>`,
      ];
    }),
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
