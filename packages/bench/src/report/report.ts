/** What a benchmark came to, as text for a terminal and as a page of `docs/bench`. */
import { barText, type Section, valueText, verdictOf } from './figure.ts';

/** A picture beside the page. */
export interface Picture {
  /** The name of its file: `steady.svg`. */
  readonly file: string;
  readonly caption: string;
  readonly svg: string;
}

/** A benchmark's outcome. */
export interface Report {
  readonly title: string;
  /** What reproduces it: `pnpm bench:history --seed 1`. */
  readonly command: string;
  readonly seed: number;
  /** Fewer rows or less time than the bars are meant for. */
  readonly isShort: boolean;
  /** Paragraphs that say what was done. */
  readonly about: readonly string[];
  readonly sections: readonly Section[];
  readonly pictures?: readonly Picture[] | undefined;
}

const HEADINGS = ['what', 'measured', 'bar', ''];

/** Returns how many bars are missed. */
export function missedBars({ sections, isShort }: Report): number {
  return sections
    .flatMap(({ figures }) => figures)
    .filter((figure) => verdictOf(figure, isShort) === 'MISSED').length;
}

/** Returns the report as aligned lines, the seed and the verdict last. */
export function renderText(report: Report): string {
  const lines = report.sections.flatMap(({ title, figures }) => {
    const rows = cellsOf({ title, figures }, report.isShort);
    return ['', title, ...align([HEADINGS, ...rows])];
  });
  const missed = missedBars(report);
  const verdict = missed === 0 ? 'all bars are met' : `${missed} bars are missed`;
  return [...lines, '', `seed ${report.seed}: ${verdict}`].join('\n');
}

/** Returns the report as a page of Markdown; `machine` and `day` say where and when. */
export function renderMarkdown(report: Report, machine: string, day: string): string {
  const { title, command, about, sections, pictures = [] } = report;
  const tables = sections.flatMap((section) => [
    `## ${section.title}`,
    [
      `| ${HEADINGS.join(' | ')} |`,
      '|---|--:|---|---|',
      ...cellsOf(section, report.isShort).map((cells) => `| ${cells.join(' | ')} |`),
    ].join('\n'),
  ]);
  const shown = pictures.map(({ file, caption }) => `![${caption}](${file})`);
  const place = `${machine}, ${day}: \`${command}\`.`;
  return `${[`# ${title}`, place, ...about, ...tables, ...shown].join('\n\n')}\n`;
}

function cellsOf({ figures }: Section, isShort: boolean): string[][] {
  return figures.map((figure) => [
    figure.name,
    valueText(figure),
    barText(figure),
    verdictOf(figure, isShort),
  ]);
}

/** Pads the cells of all columns to the widest; numbers are in the second. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  const pad = (cell: string, column: number): string =>
    column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((cells) => `  ${cells.map(pad).join('  ')}`.trimEnd());
}
