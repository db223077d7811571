/**
 * The twin: the same store with bucketing switched off. Its base is one sequence of files with every version that is
 * retained, as a store has it that keeps versions side by side.
 *
 *     engine     delta ──▶ Current   [k1 v9] [k2 v7] …              twin    delta ──▶ base  [k1 v9 v8 v7 …] [k2 v7 v5 …] …
 *                     └──▶ History   one window of ends per file
 *
 * The engine has no such switch, so the twin follows it: whenever the engine has merged delta into base, the twin merges the
 * same commits into its own base, by the same `executeMerge` and with the horizon of the engine at that moment. Versions that the
 * engine moves to History stay in the twin's base, where the next merge reads and writes them again; those below the horizon
 * are dropped on the way.
 *
 * Invariants:
 * - It merges when the engine does, or later and then more at once: that is never to its disadvantage.
 */
import {
  type CompactionFile,
  executeMerge,
  type MergeOutputFacts,
  type MergePlan,
} from '@clortho/compaction';
import { NEVER, type SstSummary } from '@clortho/sst';
import { sortedWrites, writeLives } from './sorted-writes.ts';
import type { Timeline } from './timeline.ts';

/** What the twin's base is and has cost. */
export interface TwinFacts {
  readonly bytesWritten: number;
  readonly merges: number;
  readonly bytes: number;
  readonly rows: number;
  readonly blocks: number;
}

/** See the module. */
export class Twin {
  readonly #timeline: Timeline;
  readonly #bytesOf = new Map<string, Uint8Array>();
  #files: readonly CompactionFile[] = [];
  #blocks = 0;
  #merged = 0;
  #merges = 0;
  #bytesWritten = 0;

  /** Begins without any commit. */
  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Merges the commits below `commit` that it has not merged yet; what no time from `horizon` on sees is dropped. */
  async mergeUpTo(commit: number, horizon: number): Promise<void> {
    if (commit <= this.#merged) return;
    const delta = this.#delta(this.#merged, commit);
    const inputs = [delta, ...this.#files];
    const outputs = await this.#execute({
      kind: 'merge',
      inputs,
      output: 'delta',
      level: 1,
      run: delta.run,
      readable: { horizon, pins: [] },
      upper: delta.run,
      windowMicros: 1,
      reason: 'into a base of all versions',
    });
    for (const { id } of inputs) this.#bytesOf.delete(id);
    this.#files = outputs.map(({ ordinal, file }) => ({ ...file, id: this.#idOf(ordinal) }));
    this.#blocks = outputs.reduce((sum, { summary }) => sum + summary.blocks, 0);
    this.#merged = commit;
    this.#merges += 1;
  }

  /** Returns the state after the last merge, and all that was written. */
  get facts(): TwinFacts {
    const sum = (of: (file: CompactionFile) => number): number =>
      this.#files.reduce((total, file) => total + of(file), 0);
    return {
      bytesWritten: this.#bytesWritten,
      merges: this.#merges,
      bytes: sum(({ bytes }) => bytes),
      rows: sum(({ rows }) => rows),
      blocks: this.#blocks,
    };
  }

  async #execute(plan: MergePlan): Promise<readonly MergeOutputFacts[]> {
    const { outputs } = await executeMerge(
      { plan, writer: { codec: 'lz4' } },
      {
        open: ({ id }) => ({
          read: async (offset, length) => this.#bytes(id).subarray(offset, offset + length),
        }),
        emit: async ({ ordinal, chunks, file }) => {
          this.#bytesOf.set(this.#idOf(ordinal), Buffer.concat(chunks));
          this.#bytesWritten += file.bytes;
        },
      },
    );
    return outputs;
  }

  /** Returns the commits `[from, to)` as one run of delta. */
  #delta(from: number, to: number): CompactionFile {
    const writes = sortedWrites(this.#timeline, from, to);
    const lives = Array.from(writes, (write) => ({ write, end: NEVER }));
    const writer = writeLives(this.#timeline, lives, { codec: 'lz4' });
    const summary = writer.finish();
    const id = `delta-${this.#merges}`;
    this.#bytesOf.set(id, Buffer.concat(writer.take()));
    return { ...factsOf(summary), id, run: summary.maxTimestamp };
  }

  #bytes(id: string): Uint8Array {
    const bytes = this.#bytesOf.get(id);
    if (bytes === undefined) throw new Error(`the twin has no file ${id}`);
    return bytes;
  }

  #idOf(ordinal: number): string {
    return `base-${this.#merges}-${ordinal}`;
  }
}

function factsOf(summary: SstSummary): Omit<CompactionFile, 'id' | 'run'> {
  const { minKey, maxKey, statistics: _, rawBytes: __, blocks: ___, ...facts } = summary;
  return {
    ...facts,
    tier: 'delta',
    level: 0,
    lower: minKey,
    upper: Uint8Array.of(...maxKey, 0),
    uniform: false,
  };
}
