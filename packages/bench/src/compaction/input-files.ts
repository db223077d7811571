/** The inputs of the merge as files, the facts of them as a strategy sees them, and the plan that it makes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CompactionFile,
  kvStrategy,
  type MergePlan,
  type MergeTarget,
  manualStrategy,
} from '@clortho/compaction';
import { type CodecName, NEVER, PUT, SstWriter } from '@clortho/sst';
import { KEY_BYTES } from '../workload/rows.ts';
import { eachRow, type MergeRows, ROW_BYTES, RUNS } from './merge-rows.ts';

/** Returns where an input lies. */
export function inputPath(folder: string, id: string): string {
  return join(folder, `${id}.sst`);
}

/** Writes the runs to `folder`, one file each, and returns their facts. */
export function writeInputs(folder: string, rows: MergeRows, codec: CodecName): CompactionFile[] {
  mkdirSync(folder, { recursive: true });
  const writers = Array.from({ length: RUNS }, (_, run) => new SstWriter({ codec, salt: run + 1 }));
  eachRow(rows, (run, timestamp, bytes) => {
    writers[run]?.append(bytes, 0, KEY_BYTES, timestamp, NEVER, PUT, bytes, KEY_BYTES, ROW_BYTES);
  });
  return writers.map((writer, run) => {
    const { minKey, maxKey, ...facts } = writer.finish();
    const id = `${codec}-${run}`;
    writeFileSync(inputPath(folder, id), Buffer.concat(writer.take()));
    return {
      ...pick(facts),
      id,
      tier: 'delta',
      level: 1,
      run: facts.maxTimestamp,
      lower: minKey,
      upper: Uint8Array.of(...maxKey, 0),
      uniform: false,
    };
  });
}

/** Returns the plan of a compaction on demand, which is into base. For `delta`, what would be due beside a larger one. */
export function planOf(inputs: readonly CompactionFile[], target: MergeTarget): MergePlan {
  const upper = Math.max(...inputs.map(({ run }) => run));
  const partBytesMax = Number.POSITIVE_INFINITY;
  const strategy =
    target === 'base'
      ? manualStrategy({ partBytesMax })
      : kvStrategy({ deltaRuns: 1, baseBytesMin: Number.POSITIVE_INFINITY });
  const plan = strategy({ files: inputs, horizon: Number.NEGATIVE_INFINITY, pins: [], upper });
  if (plan.kind !== 'merge' || plan.output !== target || plan.inputs.length !== RUNS)
    throw new Error(`the strategy plans something else: ${JSON.stringify(plan.kind)}`);
  return plan;
}

type Facts = Pick<
  CompactionFile,
  | 'bytes'
  | 'tailBytes'
  | 'rows'
  | 'deletes'
  | 'merges'
  | 'rangeDeletes'
  | 'minTimestamp'
  | 'maxTimestamp'
  | 'minEndTimestamp'
  | 'maxEndTimestamp'
>;

function pick(facts: Facts): Facts {
  const { bytes, tailBytes, rows, deletes, merges, rangeDeletes } = facts;
  const { minTimestamp, maxTimestamp, minEndTimestamp, maxEndTimestamp } = facts;
  return {
    bytes,
    tailBytes,
    rows,
    deletes,
    merges,
    rangeDeletes,
    minTimestamp,
    maxTimestamp,
    minEndTimestamp,
    maxEndTimestamp,
  };
}
