/**
 * The outputs of one merge: which rows go to which stream of files.
 *
 *     into delta      one stream, with the range deletes
 *     into base       one stream for Current, one per window of end timestamps for History
 *     into History    one stream per window
 */
import type { RangeDelete, SstWriterOptions } from '@clortho/sst';
import { windowOf } from '../strategy/history-window.ts';
import type { MergePlan } from '../strategy/plan.ts';
import type { VersionGroup } from '../versions/version-group.ts';
import { type MergeJob, type MergeOutput, TARGET_FILE_BYTES } from './merge-job.ts';
import type { MergeRules, RowSink } from './merge-rules.ts';
import { OutputStream, type StreamSettings } from './output-stream.ts';
import { reduceBase } from './reduce-base.ts';
import { reduceDelta } from './reduce-delta.ts';
import { reduceHistory } from './reduce-history.ts';

const SALT_STEP = 0x9e37_79b9; // 2^32 / golden ratio: salts of neighbours have nothing in common.

/** Takes the groups of a merge in key order and gives the files they come to. */
export class MergeOutputs {
  readonly #plan: MergePlan;
  readonly #settings: StreamSettings;
  readonly #streams: OutputStream[] = [];
  /** The stream for delta or Current rows. */
  readonly #main: OutputStream;
  readonly #historyStreams = new Map<number, OutputStream>();
  readonly #history: RowSink;

  /** Creates the streams that `job.plan` asks for. `rangeDeletes` go into delta outputs. */
  constructor(job: MergeJob, writerOptions: SstWriterOptions, rangeDeletes: readonly RangeDelete[]) {
    const { plan, targetFileBytes = TARGET_FILE_BYTES, salt = 0 } = job;
    let writers = 0;
    let files = 0;
    this.#plan = plan;
    this.#settings = {
      targetFileBytes,
      writerOptions: () => ({ ...writerOptions, salt: (salt + SALT_STEP * writers++) >>> 0 }),
      nextOrdinal: () => files++,
    };
    const isDelta = plan.output === 'delta';
    this.#main = this.#open({
      tier: isDelta ? 'delta' : 'current',
      level: isDelta ? plan.level : 0,
      run: isDelta ? plan.run : 0,
      rangeDeletes: isDelta ? rangeDeletes : [],
      fences: plan.fences ?? [],
    });
    this.#history = {
      append: (keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd) => {
        const stream = this.#historyStream(end);
        stream.append(keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd);
      },
    };
  }

  /** Writes what remains of the versions of a key. */
  add(group: VersionGroup, rules: MergeRules): void {
    if (this.#plan.output === 'delta') reduceDelta(group, rules, this.#main);
    else if (this.#plan.output === 'base') reduceBase(group, rules, this.#main, this.#history);
    else reduceHistory(group, rules, this.#history);
  }

  /** Returns a file that is full, ended before the group about to be added; `undefined` if there is none. */
  takeFull(next: VersionGroup): MergeOutput | undefined {
    for (const stream of this.#streams) if (stream.endsBefore(next)) return stream.finish(next.key());
    return undefined;
  }

  /** Ends all files. Each is made when it is asked for, so the ones before can be let go of. */
  *finish(): Generator<MergeOutput> {
    for (const stream of this.#streams) {
      const output = stream.finish(undefined);
      if (output !== undefined) yield output;
    }
  }

  #historyStream(end: number): OutputStream {
    const { level, output } = this.#plan;
    const { start } = windowOf(end, this.#plan);
    let stream = this.#historyStreams.get(start);
    if (stream === undefined) {
      stream = this.#open({
        tier: 'history',
        level: output === 'history' ? level : 0,
        run: 0,
        rangeDeletes: [],
        fences: [],
      });
      this.#historyStreams.set(start, stream);
    }
    return stream;
  }

  #open(identity: ConstructorParameters<typeof OutputStream>[1]): OutputStream {
    const stream = new OutputStream(this.#settings, identity);
    this.#streams.push(stream);
    return stream;
  }
}
