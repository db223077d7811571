/**
 * Places without work: which families of which shards need not be judged again after a commit.
 *
 * Judging a place takes as long as it has files, and a commit must not. A commit only adds to delta, so where nothing
 * was due, judging delta alone will do until something else changes or delta is to be merged into base.
 *
 * Invariants:
 * - What is due for delta over base is due for delta alone: base only makes a merge into it less worthwhile, but for
 *   deletes in runs that were merged before.
 * - What is due in base changes with its files, with the horizon, and when a window of History closes.
 */
import { KV_DEFAULTS, mergedDeletes, type Strategy } from '@clortho/compaction';
import {
  droppableBefore,
  type FamilyFiles,
  type FileEntry,
  NO_FILES,
  type ShardState,
} from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import type { Tuning } from '../options.ts';

/** A place as it was when nothing was due there. */
interface Calm {
  readonly files: FamilyFiles;
  readonly horizon: number;
  /** How many of the narrowest windows of History had begun at the last commit. */
  readonly windows: number;
  /** Deletes in delta that count for what they free in base. */
  readonly deletes: number;
}

/** See the module. */
export class CalmPlaces {
  readonly #windowMicros: number;
  readonly #calm = new Map<string, Calm>();

  /** Begins without knowing any place. */
  constructor({ historyBucketMs }: Tuning) {
    this.#windowMicros = historyBucketMs === undefined ? KV_DEFAULTS.windowMicros : historyBucketMs * 1000;
  }

  /** Notes that the strategy of this `kv` family found nothing due, whatever may be pinned. */
  note(state: ShardState, family: Family): void {
    this.#calm.set(keyOf(state, family), this.#now(state, family));
  }

  /**
   * Returns the files of a `kv` family that have to be judged: none where nothing can be due, those of delta where
   * nothing or only a merge within delta is, else all.
   */
  filesToJudge(state: ShardState, family: Family, strategy: Strategy): readonly FileEntry[] {
    const calm = this.#calm.get(keyOf(state, family));
    const { files, horizon, windows, deletes } = this.#now(state, family);
    const { delta, current, history } = files;
    const isBaseCalm =
      calm?.horizon === horizon &&
      calm.windows === windows &&
      calm.deletes === deletes &&
      calm.files.current === current &&
      calm.files.history === history;
    if (!isBaseCalm) return [...delta, ...current, ...history];
    if (calm.files === files) return [];
    const plan = strategy({ files: delta, horizon, pins: [], upper: state.head.upper });
    const isWithinDelta = plan.kind === 'nothing' || (plan.kind === 'merge' && plan.output === 'delta');
    return isWithinDelta ? delta : [...delta, ...current, ...history];
  }

  #now({ head, files }: ShardState, { record }: Family): Calm {
    const tree = files.get(record.number) ?? NO_FILES;
    return {
      files: tree,
      deletes: tree.delta.reduce((sum, file) => sum + mergedDeletes(file), 0),
      horizon: droppableBefore(head, record.number),
      windows: Math.floor(head.upper / this.#windowMicros),
    };
  }
}

function keyOf({ head }: ShardState, { record }: Family): string {
  return `${head.shard}/${record.number}`;
}
