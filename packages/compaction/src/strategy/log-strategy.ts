/**
 * The strategy of `log` families: arrival windows, concatenated once, dropped whole.
 *
 *     level 0   straight from commits
 *     level 1   concatenated early, while the window was still open, so that reads stay bounded
 *     level 2   a closed window: never rewritten
 *
 * Invariants:
 * - A row is rewritten at most twice. No output holds rows of two windows.
 * - No version is dropped by a merge: rows of log families stay until their file expires.
 * - A file expires by its *newest* row, oldest run first, so that a tombstone never goes before what it masks.
 */
import type { CompactionFile } from './compaction-file.ts';
import { LOG_DEFAULTS, type LogOptions } from './options.ts';
import { type CompactionState, type DropPlan, type MergePlan, NOTHING, type Strategy } from './plan.ts';
import { ALL_TIMES } from './readable.ts';
import { bytesOf, deltaRuns, oldestUpToBytes, type Run } from './runs.ts';

const LEVEL_EARLY = 1;
const LEVEL_CLOSED = 2;

/** Returns the strategy of a `log` family. */
export function logStrategy(options: Partial<LogOptions> = {}): Strategy {
  const settings = { ...LOG_DEFAULTS, ...options };
  return (state) => pickExpired(state, settings) ?? pickWindow(state, settings) ?? NOTHING;
}

function pickExpired(state: CompactionState, options: LogOptions): DropPlan | undefined {
  const expired: CompactionFile[] = [];
  const runs = deltaRuns(state);
  let bytes = bytesOf(runs);
  for (const run of runs) {
    const isOld = run.files.every((file) => file.maxTimestamp < state.upper - options.retentionMicros);
    const isTooMuch = bytes > options.bytesMax && run !== runs.at(-1);
    const isHeld = run.isBusy || state.pins.some((pin) => run.files.some((file) => pin >= file.minTimestamp));
    if (isHeld || (!isOld && !isTooMuch)) break;
    expired.push(...run.files);
    bytes -= run.bytes;
  }
  if (expired.length === 0) return undefined;
  return { kind: 'drop', files: expired, reason: `${expired.length} log files are past their retention` };
}

function pickWindow(state: CompactionState, options: LogOptions): MergePlan | undefined {
  for (const [start, runs] of windowsOf(deltaRuns(state), options.windowMicros)) {
    const isClosed = start + options.windowMicros <= state.upper;
    const level = isClosed ? LEVEL_CLOSED : LEVEL_EARLY;
    const due = oldestUpToBytes(oldestStretch(runs, level), options.inputBytesMax);
    if (due.length < (isClosed ? 2 : options.levelZeroRuns)) continue;
    return {
      kind: 'merge',
      inputs: due.flatMap((run) => run.files),
      output: 'delta',
      level,
      run: Math.max(...due.map((run) => run.run)),
      readable: ALL_TIMES,
      upper: state.upper,
      windowMicros: options.windowMicros,
      reason: `${due.length} runs of the ${isClosed ? 'closed' : 'open'} window at ${start}`,
    };
  }
  return undefined;
}

/** Returns the runs by window, oldest window first; runs stay oldest first. */
function windowsOf(runs: readonly Run[], windowMicros: number): Map<number, Run[]> {
  const windows = new Map<number, Run[]>();
  for (const run of runs) {
    const start = Math.floor(run.run / windowMicros) * windowMicros;
    const window = windows.get(start);
    if (window === undefined) windows.set(start, [run]);
    else window.push(run);
  }
  return windows;
}

/** Returns the oldest neighbours that are free and below `level`. */
function oldestStretch(runs: readonly Run[], level: number): Run[] {
  const isFree = (run: Run): boolean => !run.isBusy && run.level < level;
  const first = runs.findIndex(isFree);
  if (first === -1) return [];
  const rest = runs.slice(first);
  const end = rest.findIndex((run) => !isFree(run));
  return end === -1 ? rest : rest.slice(0, end);
}
