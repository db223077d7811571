/**
 * The outputs of one merge: which rows go to which stream of files.
 *
 *     into delta      one stream, with the range deletes
 *     into base       one stream for Current, one per window of end timestamps for History
 *     into History    one stream per window
 */
import { type MergingCursor, NEVER, PUT, type RangeDelete, ROW, type SstWriterOptions } from '@clortho/sst';
import { windowOf } from '../strategy/history-window.ts';
import type { MergePlan } from '../strategy/plan.ts';
import type { VersionGroup } from '../versions/version-group.ts';
import type { InputCursor } from './input-cursor.ts';
import { type MergeJob, type MergeOutput, TARGET_FILE_BYTES } from './merge-job.ts';
import type { MergeRules, RowSink } from './merge-rules.ts';
import { OutputStream, type StreamSettings } from './output-stream.ts';
import { leavesLonePuts, reduceBase } from './reduce-base.ts';
import { reduceDelta } from './reduce-delta.ts';
import { reduceHistory } from './reduce-history.ts';

const SALT_STEP = 0x9e37_79b9; // 2^32 / golden ratio: salts of neighbours have nothing in common.

/** Takes the groups of a merge in key order and gives the files they come to. */
export class MergeOutputs {
  readonly #plan: MergePlan;
  readonly #rules: MergeRules;
  readonly #isBase: boolean;
  /** Whether a row that is alone of its key is copied as it is; into base, only a put. */
  readonly #copiesAlone: boolean;
  readonly #settings: StreamSettings;
  readonly #streams: OutputStream[] = [];
  /** The stream for delta or Current rows. */
  readonly #main: OutputStream;
  readonly #historyStreams = new Map<number, OutputStream>();
  readonly #history: RowSink;

  /** Creates the streams that `job.plan` asks for. `rangeDeletes` go into delta outputs. */
  constructor(
    job: MergeJob,
    rules: MergeRules,
    writerOptions: SstWriterOptions,
    rangeDeletes: readonly RangeDelete[],
  ) {
    const { plan, targetFileBytes = TARGET_FILE_BYTES, salt = 0 } = job;
    let writers = 0;
    let files = 0;
    this.#plan = plan;
    this.#rules = rules;
    this.#isBase = plan.output === 'base';
    this.#copiesAlone =
      plan.output === 'delta' || (this.#isBase && leavesLonePuts(rules) && rules.forgetUpTo === undefined);
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
      expectedBytes: plan.inputs.reduce((sum, { bytes }) => sum + bytes, 0),
    });
    this.#history = {
      append: (keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd) => {
        const stream = this.#historyStream(end);
        stream.append(keyBytes, keyStart, keyEnd, timestamp, end, kind, valueBytes, valueStart, valueEnd);
      },
    };
  }

  /** Writes what remains of the versions of a key. */
  add(group: VersionGroup): void {
    const rules = this.#rules;
    if (this.#plan.output === 'delta') reduceDelta(group, rules, this.#main);
    else if (this.#plan.output === 'base') reduceBase(group, rules, this.#main, this.#history);
    else reduceHistory(group, rules, this.#history);
  }

  /**
   * Copies the current row and those after it for as long as the rules leave them as they are, no file has to end before
   * them, and they are no more than `rowsMax`: rows that are alone of their key, as most are in most merges. Returns how
   * many; what the last move came to is `cursor.step`.
   */
  copyAlone(cursor: MergingCursor<InputCursor>, rowsMax: number): number {
    if (!this.#copiesAlone) return 0;
    const main = this.#main;
    let rows = 0;
    do {
      const { current } = cursor;
      if (!cursor.isAlone() || !current.isLastOfKey()) break;
      if (this.#isBase && (current.kind !== PUT || current.endTimestamp !== NEVER)) break;
      if (main.endsBefore(current)) break;
      main.appendAlone(current.block, current.row);
      rows += 1;
    } while (cursor.next() === ROW && rows < rowsMax);
    return rows;
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
        expectedBytes: 0,
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
