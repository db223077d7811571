/**
 * The tree of a store as a picture: levels down, keys across, and History by the time at which versions were superseded.
 *
 *     default  kv                "a" ────────────────────────── "q7"
 *     shards                     0              │1
 *     delta 0                    ██████                              1 file      312 B
 *                                  ███████████▓▓▓▓▓▓                 2 files     820 B
 *     current                    ██████████▓▓▓▓▓▓▓▓████████          3 files   12.0 KiB
 *     history, by end            2026-11-01 ──────────── 2026-11-23
 *             0                            ░░▒▒  ▓▓▓▓██              9 files   40.2 KiB
 */
import { compareBytes } from '@clortho/base';
import type { ShardStats, StoreStats } from '@clortho/engine';
import { formatBytes, formatCount, formatDay } from '../output/format.ts';
import { bold, type Terminal } from '../output/terminal.ts';
import { printable } from '../output/tree.ts';
import { ageAxis } from './age-axis.ts';
import { type KeyAxis, keyAxis } from './key-axis.ts';
import { timestampRange } from './timestamp-text.ts';

type Entry = ShardStats['families'][number]['entries'][number];

const LABEL_CHARACTERS = 18;
const FACTS_CHARACTERS = 24;
const CANVAS_CHARACTERS_MIN = 20;
const CANVAS_CHARACTERS_MAX = 100;
/** Neighbours of a run look different. */
const FILLS = ['█', '▓'];
/** By how many bytes there are. */
const SHADES = '░▒▓█';
/** Of more runs on a level, those in the middle are left out. */
const RUNS_SHOWN_MAX = 12;

/** Returns the pictures of all families that have files. */
export function renderStore(terminal: Terminal, { shards }: StoreStats): string {
  const names = shards[0]?.families.map(({ family }) => family) ?? [];
  const pictures = names.flatMap((name) => {
    const families = shards.flatMap((shard) => shard.families.filter(({ family }) => family === name));
    const entries = families.flatMap((family) => family.entries).sort(downTheTree);
    if (entries.length === 0) return [];
    return [linesOf(terminal, `${name}  ${families[0]?.kind}`, entries, shards).join('\n')];
  });
  return pictures.length === 0 ? 'no files' : pictures.join('\n\n');
}

/** Delta before current, the newest run first, keys in order: shards are drawn beside each other. */
function downTheTree(left: Entry, right: Entry): number {
  return (
    Number(left.tier !== 'delta') - Number(right.tier !== 'delta') ||
    left.level - right.level ||
    right.run - left.run ||
    compareBytes(left.lower, right.lower)
  );
}

function linesOf(
  terminal: Terminal,
  title: string,
  entries: readonly Entry[],
  shards: readonly ShardStats[],
): string[] {
  const room = terminal.columns - LABEL_CHARACTERS - FACTS_CHARACTERS;
  const width = Math.min(CANVAS_CHARACTERS_MAX, Math.max(CANVAS_CHARACTERS_MIN, room));
  const axis = keyAxis(entries, width);
  const keys = axisLine(
    printable(axis.first, width >> 1),
    axis.last ? printable(axis.last, width >> 1) : '',
    width,
  );
  const tree = entries.filter(({ tier }) => tier !== 'history');
  const lines = [
    `${bold(terminal, labelOf(title))}${keys}`,
    ...(shards.length > 1 ? [`${labelOf('shards')}${shardLine(shards, axis, width)}`] : []),
  ];
  for (const [label, level] of groupedBy(tree, ({ tier, level }) =>
    tier === 'delta' ? `delta ${level}` : tier,
  )) {
    const runs = [...groupedBy(level, ({ run }) => String(run)).values()];
    for (const [index, run] of shortened(runs).entries()) {
      const name = index === 0 ? label : '';
      if (typeof run === 'number') lines.push(`${labelOf(name)}… ${formatCount(run)} more runs`);
      else lines.push(lineOf(name, runCanvas(run, axis, width), run));
    }
  }
  lines.push(
    ...historyLines(
      entries.filter(({ tier }) => tier === 'history'),
      shards,
      width,
    ),
  );
  return lines.map((line) => line.trimEnd());
}

function historyLines(history: readonly Entry[], shards: readonly ShardStats[], width: number): string[] {
  if (history.length === 0) return [];
  const newest = Math.max(...shards.map(({ lastCommit }) => lastCommit));
  const spans = history.map((file) => ({ from: file.minEndTimestamp, to: file.maxEndTimestamp }));
  const axis = ageAxis(spans, newest, width);
  const [first, last] = [axis.oldest, axis.newest].map((time) => timestampRange(time, time));
  const isShort = width < (first?.length ?? 0) + (last?.length ?? 0) + 4;
  const ends = isShort ? [formatDay(axis.oldest), formatDay(axis.newest)] : [first, last];
  const lines = [`${labelOf('history, by end')}${axisLine(ends[0] ?? '', ends[1] ?? '', width)}`];
  for (const [level, files] of groupedBy(history, (file) => String(file.level))) {
    const bytes = new Array<number>(width).fill(0);
    for (const file of files) {
      const { start, end } = axis.columnsOf({ from: file.minEndTimestamp, to: file.maxEndTimestamp });
      for (let column = start; column < end; column += 1)
        bytes[column] = (bytes[column] ?? 0) + file.bytes / (end - start);
    }
    lines.push(lineOf(`history ${level}`, shades(bytes), files));
  }
  return lines;
}

function lineOf(label: string, canvas: string, files: readonly Entry[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const count = `${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}`;
  return `${labelOf(label)}${canvas}  ${count.padStart(10)}  ${formatBytes(bytes).padStart(10)}`;
}

function runCanvas(files: readonly Entry[], axis: KeyAxis, width: number): string {
  const canvas = new Array<string>(width).fill(' ');
  for (const [index, file] of files.entries()) {
    const { start, end } = axis.columnsOf(file);
    canvas.fill(FILLS[index % FILLS.length] as string, start, end);
  }
  return canvas.join('');
}

/** The number of each shard at its first key, behind a stroke. */
function shardLine(shards: readonly ShardStats[], axis: KeyAxis, width: number): string {
  const line = new Array<string>(width).fill(' ');
  for (const [index, { shard, lower }] of shards.entries()) {
    const { start } = axis.columnsOf({ lower, upper: lower });
    const text = index === 0 ? String(shard) : `│${shard}`;
    for (const [at, character] of text.split('').entries())
      if (start + at < width) line[start + at] = character;
  }
  return line.join('');
}

function shades(bytes: readonly number[]): string {
  const most = Math.max(...bytes);
  return bytes
    .map((here) =>
      here === 0 ? ' ' : SHADES[Math.min(SHADES.length - 1, Math.floor((here / most) * SHADES.length))],
    )
    .join('');
}

function axisLine(first: string, last: string, width: number): string {
  const line = '─'.repeat(Math.max(1, width - first.length - last.length - 2));
  return `${first} ${line} ${last}`;
}

/** Returns the runs, or of many the first and the last ones with the number of those between. */
function shortened(runs: readonly (readonly Entry[])[]): (readonly Entry[] | number)[] {
  if (runs.length <= RUNS_SHOWN_MAX) return [...runs];
  const half = RUNS_SHOWN_MAX / 2;
  return [...runs.slice(0, half), runs.length - RUNS_SHOWN_MAX, ...runs.slice(-half)];
}

function groupedBy(entries: readonly Entry[], keyOf: (entry: Entry) => string): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group === undefined) groups.set(keyOf(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}

function labelOf(text: string): string {
  return text.slice(0, LABEL_CHARACTERS - 1).padEnd(LABEL_CHARACTERS);
}
