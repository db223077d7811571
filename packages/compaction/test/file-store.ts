/** Files in memory as an engine would keep them, enough to plan, merge, commit and read. */
import { concatBytes, encodeUtf8 } from '@clortho/base';
import {
  END,
  encodeSst,
  NEVER,
  type RangeDelete,
  type Row,
  type RowCursor,
  Sst,
  type SstSource,
} from '@clortho/sst';
import type {
  CompactionFile,
  DropPlan,
  MergeIo,
  MergeJob,
  MergeOutput,
  MergePlan,
  MovePlan,
  Work,
} from '../src/index.ts';
import { clipRangeDeletes, executeMerge, replacementOf } from '../src/index.ts';
import { rangesOverlap } from './ranges.ts';

export class FileStore {
  files: CompactionFile[] = [];
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #open = new Map<string, Sst>();
  readonly #rows = new Map<string, Row[]>();
  readonly #replacementOf: typeof replacementOf;
  #serial = 0;

  /** A broken `replacement` shows what the right one is good for. */
  constructor(replacement: typeof replacementOf = replacementOf) {
    this.#replacementOf = replacement;
  }

  /**
   * Adds what a commit would: one file of rows that share a timestamp, in blocks of a few rows each or, after every other
   * time, of many: merges treat the rows of a block alike where they can.
   */
  commit(
    timestamp: number,
    rows: readonly Row[],
    rangeDeletes: readonly RangeDelete[] = [],
    blockBytes: number = timestamp % 2 === 0 ? 64 : 4096,
  ): void {
    const { bytes, summary } = encodeSst(rows, { rangeDeletes, timestamps: 'absent', blockBytes });
    const id = this.#store(bytes);
    this.files.push({
      id,
      tier: 'delta',
      level: 0,
      run: timestamp,
      bytes: summary.bytes,
      tailBytes: summary.tailBytes,
      rows: summary.rows,
      deletes: summary.deletes,
      merges: summary.merges,
      rangeDeletes: summary.rangeDeletes,
      lower: summary.minKey,
      upper: concatBytes([summary.maxKey, encodeUtf8('\0')]),
      minTimestamp: timestamp,
      maxTimestamp: timestamp,
      minEndTimestamp: NEVER,
      maxEndTimestamp: NEVER,
      uniform: true,
    });
  }

  readonly io: MergeIo = {
    open: (file) => this.source(file.id),
    emit: (output) => {
      this.#emitted.push(output);
      return Promise.resolve();
    },
  };
  #emitted: MergeOutput[] = [];

  /** Executes a merge and returns what commits its outputs; that returns whether they were. */
  async execute(job: MergeJob): Promise<() => boolean> {
    const before = this.files;
    const outputs: MergeOutput[] = [];
    const emit: MergeIo['emit'] = (output) => Promise.resolve(void outputs.push(output));
    await executeMerge(job, { ...this.io, emit });
    return () => {
      const isValid = this.#replace(job.plan, before);
      if (isValid) this.#add(outputs);
      return isValid;
    };
  }

  /** Replaces the inputs of a merge by what it emitted; a merge of a key range only clips them. */
  install(plan: MergePlan): MergeOutput[] {
    const outputs = this.#emitted;
    this.#emitted = [];
    if (!this.#replace(plan, this.files)) throw new Error('the plan is not valid');
    this.#add(outputs);
    return outputs;
  }

  /** Returns what drops or moves files; that returns whether it did. */
  change(plan: DropPlan | MovePlan): () => boolean {
    const before = this.files;
    return () => this.#replace(plan, before);
  }

  #replace(plan: Work, before: readonly CompactionFile[]): boolean {
    const replacement = this.#replacementOf(plan, before, this.files);
    if (replacement === undefined) return false;
    const { removed, left } = replacement;
    this.files = [...this.files.filter((file) => !removed.has(file.id)), ...left];
    return true;
  }

  #add(outputs: readonly MergeOutput[]): void {
    for (const { file, chunks } of outputs)
      this.files.push({ ...file, id: this.#store(concatBytes(chunks)) });
  }

  source(id: string): SstSource {
    const bytes = this.#bytes.get(id) as Uint8Array;
    return { read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
  }

  open(file: CompactionFile): Sst {
    let sst = this.#open.get(file.id);
    if (sst === undefined) {
      const bytes = this.#bytes.get(file.id) as Uint8Array;
      sst = Sst.openBytes(bytes, { timestamp: file.uniform ? file.run : undefined });
      this.#open.set(file.id, sst);
      this.#rows.set(file.id, rowsOf(sst.cursor()));
    }
    return sst;
  }

  /** Returns the visible rows and range deletes of `files`. */
  read(files: readonly CompactionFile[]): { rows: Row[]; rangeDeletes: RangeDelete[] } {
    const rangeDeletes = files.flatMap((file) => clipRangeDeletes(this.open(file).rangeDeletes, file));
    const rows = files.flatMap((file) =>
      (this.#rows.get(file.id) as Row[]).filter((row) =>
        rangesOverlap(file, { lower: row.key, upper: concatBytes([row.key, encodeUtf8('\0')]) }),
      ),
    );
    return { rows, rangeDeletes };
  }

  #store(bytes: Uint8Array): string {
    this.#serial += 1;
    const id = `file-${String(this.#serial).padStart(6, '0')}`;
    this.#bytes.set(id, bytes);
    return id;
  }
}

export function rowsOf(cursor: RowCursor): Row[] {
  const rows: Row[] = [];
  for (let step = cursor.seekFirst(); step !== END; step = cursor.next()) {
    rows.push({
      key: cursor.keyBytes.slice(cursor.keyStart, cursor.keyEnd),
      timestamp: cursor.timestamp,
      endTimestamp: cursor.endTimestamp,
      kind: cursor.kind,
      value: cursor.valueBytes.slice(cursor.valueStart, cursor.valueEnd),
    });
  }
  return rows;
}
