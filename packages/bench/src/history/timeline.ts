/**
 * What is written, and when: every key once, then overwrites of skewed keys for simulated hours.
 *
 *     commits    0 ···· 99 │ 100 ··························· 3,099        a thousand rows each, no key twice in one
 *     keys       all       │ drawn by rank: some often, most now and then
 *     time       0 h       │ 30 h, at even distances                      named by the writer: the store has external time
 *
 * Invariants:
 * - The value of a write is made of its number alone: nothing but keys is kept.
 */
import { seededRandom, zipf } from '@clortho/base';
import { KEY_BYTES, VALUE_BYTES, valueOf } from '../workload/rows.ts';

/** How much is written. */
export interface TimelineSetup {
  readonly seed: number;
  readonly keys: number;
  /** How often every key is overwritten, on average. */
  readonly overwrites: number;
}

/** All writes, in order. */
export interface Timeline extends TimelineSetup {
  /** By write: the number of its key. */
  readonly keyNumbers: Uint32Array;
  readonly rowsPerCommit: number;
  readonly commits: number;
  readonly userBytes: number;
  /** Returns the timestamp of a commit in microseconds. */
  timestampOf(commit: number): number;
  /** Returns the value of a write. */
  valueOfWrite(write: number): Uint8Array;
}

const ROWS_PER_COMMIT_MAX = 1000;
const HOUR_MICROS = 3_600_000_000;
/** No round number: windows of History are aligned to the epoch, and the horizon shall fall where it falls. */
const FIRST_TIMESTAMP = 1.7e15 + 1_234_567_890;
/** For every overwrite of all keys, an hour passes. */
const HOURS_PER_OVERWRITE = 1;

/** Returns the timeline of a setup. */
export function timelineOf(setup: TimelineSetup): Timeline {
  const { seed, keys, overwrites } = setup;
  const rowsPerCommit = Math.min(ROWS_PER_COMMIT_MAX, Math.ceil(keys / 20));
  const commitsPerRound = Math.ceil(keys / rowsPerCommit);
  const commits = commitsPerRound * (1 + overwrites);
  const keyNumbers = new Uint32Array(commits * rowsPerCommit);
  const draw = zipf(keys, seededRandom(seed));
  const lastCommitOf = new Int32Array(keys).fill(-1);
  for (let write = 0; write < keyNumbers.length; write += 1) {
    const commit = Math.floor(write / rowsPerCommit);
    let key = commit < commitsPerRound ? write % keys : draw();
    while (lastCommitOf[key] === commit) key = commit < commitsPerRound ? (key + 1) % keys : draw();
    lastCommitOf[key] = commit;
    keyNumbers[write] = key;
  }
  const step = Math.floor((HOURS_PER_OVERWRITE * HOUR_MICROS) / commitsPerRound);
  return {
    ...setup,
    keyNumbers,
    rowsPerCommit,
    commits,
    userBytes: keyNumbers.length * (KEY_BYTES + VALUE_BYTES),
    timestampOf: (commit) =>
      FIRST_TIMESTAMP + Math.max(0, commit - commitsPerRound + 1) * step + Math.min(commit, commitsPerRound),
    valueOfWrite: (write) => valueOf(seededRandom(seed ^ (write + 1))),
  };
}

/** Returns how long all of it takes, in microseconds. */
export function spanOf({ commits, timestampOf }: Timeline): number {
  return timestampOf(commits - 1) - timestampOf(0);
}
