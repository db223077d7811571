/** What a run came to, for people. */

import { MAX_BLOCK_BYTES } from './corpus/base-file.ts';
import type { Figures } from './figures.ts';
import { EVERY_PLACE } from './fuzz-case.ts';

const CODES = ['CLORTHO_CORRUPT', 'CLORTHO_UNSUPPORTED', 'CLORTHO_INVALID'] as const;

/** Returns the figures of a run as text; `seconds` is what it took, `places` what the small files have to damage. */
export function reportOf(figures: Figures, seconds: number, places: number): string {
  const kinds = Object.entries(figures.kinds).sort(([left], [right]) => (left < right ? -1 : 1));
  const total = { cases: 0, read: 0, refused: {} as Record<string, number> };
  const lines = [lineOf(['', 'cases', 'read', ...CODES.map((code) => code.slice('CLORTHO_'.length))])];
  for (const [kind, { cases, read, refused }] of kinds) {
    total.cases += cases;
    total.read += read;
    for (const code of CODES) total.refused[code] = (total.refused[code] ?? 0) + (refused[code] ?? 0);
    lines.push(lineOf([kind, cases, read, ...CODES.map((code) => refused[code] ?? 0)]));
  }
  lines.push(lineOf(['all', total.cases, total.read, ...CODES.map((code) => total.refused[code] ?? 0)]));
  lines.push(
    '',
    `every bit and length   ${format(placesTried(figures))} of ${format(places)}`,
    `rows read and checked  ${format(figures.rows)}`,
    `refusals by text       ${Object.keys(figures.texts).length}`,
    `largest allocation     ${format(figures.largestAllocation)} bytes where blocks may have ${format(MAX_BLOCK_BYTES)}`,
    `longest case           ${Math.round(figures.longestMs)} ms (case ${figures.longestCase})`,
    `cases per second       ${format(Math.round(figures.cases / seconds))} (${Math.round(seconds)} s)`,
  );
  return lines.join('\n');
}

function placesTried({ kinds }: Figures): number {
  return EVERY_PLACE.reduce((sum, kind) => sum + (kinds[kind]?.cases ?? 0), 0);
}

function lineOf([name, ...numbers]: readonly (string | number)[]): string {
  return String(name).padEnd(30) + numbers.map((number) => format(number).padStart(12)).join('');
}

function format(value: string | number): string {
  return typeof value === 'number' ? value.toLocaleString('en') : value;
}
