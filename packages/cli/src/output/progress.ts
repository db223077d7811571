/**
 * Progress of a long command: a bar that is redrawn on a terminal, a plain line now and then in a log, or nothing.
 */
import { type Clock, systemClock } from '@clortho/base';
import { SingleBar } from 'cli-progress';
import { formatCount, formatDuration, formatShare } from './format.ts';
import type { Terminal } from './terminal.ts';

/** How far a command is. */
export interface Progress {
  /** Tells that `value` of the total is done. */
  update(value: number): void;
  /** Ends the display. Idempotent. */
  stop(): void;
}

/** What is counted. */
export interface ProgressOptions {
  /** What is going on: `loading`. */
  readonly title: string;
  /** What is counted: `rows`. */
  readonly unit: string;
  readonly total: number;
  /** What is done already. */
  readonly start?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Progress that nobody sees. */
export const silentProgress: Progress = { update: () => undefined, stop: () => undefined };

const LINE_EVERY_MS = 5000;

/** Shows progress in the way that the terminal allows. */
export function showProgress(terminal: Terminal, options: ProgressOptions): Progress {
  return terminal.isInteractive ? redrawnBar(options) : plainLines(terminal, options);
}

function redrawnBar({ title, unit, total, start = 0, clock = systemClock }: ProgressOptions): Progress {
  const bar = new SingleBar({
    format: `${title} {bar} {percentage} %  {done} of ${formatCount(total)} ${unit}  {rate}  {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    etaBuffer: 200,
    fps: 5,
  });
  const began = clock.monotonic();
  const payload = (value: number): Readonly<Record<string, string>> => ({
    done: formatCount(value),
    rate: rateOf(value - start, clock.monotonic() - began, unit),
  });
  bar.start(total, start, payload(start));
  let isStopped = false;
  return {
    update: (value) => bar.update(value, payload(value)),
    stop() {
      if (!isStopped) bar.stop();
      isStopped = true;
    },
  };
}

function plainLines(
  terminal: Terminal,
  { title, unit, total, start = 0, clock = systemClock }: ProgressOptions,
): Progress {
  const began = clock.monotonic();
  let shown = began;
  return {
    update(value) {
      const now = clock.monotonic();
      if (now - shown < LINE_EVERY_MS) return;
      shown = now;
      const left = value === start ? 0 : ((now - began) * (total - value)) / (value - start);
      const done = `${formatCount(value)} of ${formatCount(total)} ${unit} (${formatShare(value, total)})`;
      const rate = rateOf(value - start, now - began, unit);
      terminal.error(`${title}: ${done}, ${rate}, ${formatDuration(left)} left`);
    },
    stop: () => undefined,
  };
}

function rateOf(value: number, ms: number, unit: string): string {
  return `${formatCount(ms === 0 ? 0 : (1000 * value) / ms)} ${unit}/s`;
}
