/**
 * One compaction job: a plan is carried out, its outputs uploaded, and one edit puts them in place of the inputs.
 *
 * Invariants:
 * - The job is valid as long as all its inputs are live: inputs are taken whole, and every job that would write into
 *   the same place takes at least one of them. A lost race costs another swap, never another merge.
 * - Inputs are read past the block cache, from memory where a file is kept whole: a merge reads every byte once.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import type {
  CompactionFile,
  MergeIo,
  MergeJob,
  MergePlan,
  MergeResult,
  MergeRunOptions,
} from '@clortho/compaction';
import {
  allFiles,
  type FileEntry,
  type FileReference,
  lowerBound,
  type ManifestContext,
  mintToken,
  objectKey,
  prepareChange,
  type ShardState,
  shortenUpper,
  swapHeads,
} from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import { fileEntryOf } from '../commit/file-entry-of.ts';
import type { Tuning } from '../options.ts';
import { stateOfShard } from '../view/store-view.ts';
import { type Tables, VanishedFile } from '../view/tables.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';

/** Executes merges, on this thread or in a pool. */
export type MergeRunner = (job: MergeJob, io: MergeIo, options: MergeRunOptions) => Promise<MergeResult>;

/** What a job needs. */
export interface JobContext {
  readonly manifest: ManifestContext;
  readonly keeper: ViewKeeper;
  readonly tables: Tables;
  readonly run: MergeRunner;
  readonly tuning: Tuning;
}

/** What a job came to; `undefined` where another process was faster. */
export interface JobResult {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

/** How often a lost race is tried again. */
const RACES_MAX = 100;

/** Merges the inputs of a plan and commits the outputs. Returns `undefined` if the inputs were gone by then. */
export async function runMerge(
  context: JobContext,
  shard: number,
  family: Family,
  plan: MergePlan,
  signal: AbortSignal,
): Promise<JobResult | undefined> {
  const { manifest, tuning, run } = context;
  if (plan.range !== undefined)
    throw new ClorthoError('CLORTHO_UNSUPPORTED', 'merges of a part of the inputs');
  const added: FileEntry[] = [];
  const io: MergeIo = {
    open: (file) => ({
      read: (offset, length, until) => readInput(context, file, offset, length, until ?? signal),
    }),
    emit: async ({ chunks, file, summary }) => {
      const id = manifest.ids.mint(gcFloorOf(context, shard));
      const { tier, level, run: age } = file;
      await manifest.objects.put(objectKey(id), Buffer.concat(chunks), { signal });
      const place = { id, family: family.record.number, tier, level, run: age, uniform: file.uniform };
      const bounds = { lower: lowerBound(file.lower), upper: file.upper && shortenUpper(file.upper) };
      added.push({ ...fileEntryOf(summary, place), ...bounds });
    },
  };
  const job: MergeJob = {
    plan,
    operator: family.operatorReference,
    ttlMicros: family.record.ttlMs === 0 ? undefined : family.record.ttlMs * 1000,
    collectors: family.collectorReferences,
    writer: { codec: family.record.codec, blockBytes: tuning.blockBytes },
    targetFileBytes: tuning.fileBytes,
    salt: manifest.random.uint32(),
  };
  try {
    const result = await run(job, io, { signal });
    const removed = plan.inputs.map((file) => referenceOf(file, family));
    if (!(await replaceFiles(context, shard, removed, added))) return undefined;
    const bytesRead = plan.inputs.reduce((sum, file) => sum + file.bytes, 0);
    return {
      bytesRead,
      bytesWritten: result.bytesWritten,
      rowsRead: result.rowsRead,
      rowsWritten: result.rowsWritten,
    };
  } catch (error) {
    if (!(error instanceof VanishedFile)) throw error;
    await context.keeper.refresh();
    if (isLiveIn(context, shard, error.file)) throw error;
    return undefined;
  }
}

/** Removes files that no readable time needs. Returns whether they were still there. */
export function dropFiles(
  context: JobContext,
  shard: number,
  family: Family,
  files: readonly CompactionFile[],
): Promise<boolean> {
  return replaceFiles(
    context,
    shard,
    files.map((file) => referenceOf(file, family)),
    [],
  );
}

/** Puts `added` in place of `removed` as long as all of those are live. Returns whether they were. */
async function replaceFiles(
  context: JobContext,
  shard: number,
  removed: readonly FileReference[],
  added: readonly FileEntry[],
): Promise<boolean> {
  const { manifest, keeper } = context;
  for (let race = 0; race < RACES_MAX; race += 1) {
    const state = stateOfShard(keeper.view, shard);
    if (state === undefined || !areLive(state, removed)) return false;
    const edit = { token: mintToken(manifest.random), timestamp: 0, added, removed };
    const prepared = await prepareChange(manifest, state, edit, {});
    if ((await swapHeads(manifest, [prepared])) === 'applied') {
      keeper.publish([prepared.next]);
      return true;
    }
    await keeper.refresh();
  }
  throw new ClorthoError('CLORTHO_CONFLICT', `a compaction lost ${RACES_MAX} races in a row`);
}

async function readInput(
  { manifest, tables }: JobContext,
  file: CompactionFile,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const whole = tables.whole(file.id);
  if (whole !== undefined) return whole.subarray(offset, offset + length);
  try {
    return await manifest.objects.get(objectKey(file.id), { offset, length, signal });
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_NOT_FOUND')) throw new VanishedFile(file.id, error);
    throw error;
  }
}

function referenceOf(file: CompactionFile, family: Family): FileReference {
  return { id: file.id, family: family.record.number, tier: file.tier };
}

function gcFloorOf({ keeper }: JobContext, shard: number): string {
  return stateOfShard(keeper.view, shard)?.head.gcFloor ?? '';
}

function isLiveIn({ keeper }: JobContext, shard: number, id: string): boolean {
  const state = stateOfShard(keeper.view, shard);
  if (state !== undefined) for (const file of allFiles(state.files)) if (file.id === id) return true;
  return false;
}

/** Looks only where the files stand, so that a merge within delta costs nothing for what lies below it. */
function areLive({ files }: ShardState, references: readonly FileReference[]): boolean {
  const missing = new Set(references.map(({ id }) => id));
  const tiers = new Set(references.map(({ family, tier }) => files.get(family)?.[tier] ?? []));
  for (const tier of tiers) for (const { id } of tier) missing.delete(id);
  return missing.size === 0;
}
