/**
 * One compaction job: a plan is carried out, its outputs uploaded, and one edit puts them in place of the inputs.
 *
 * Invariants:
 * - Whether a job is still valid is asked of the newest state before every swap: a lost race costs another swap, never
 *   another merge. What becomes of the inputs is `replacementOf`'s to say.
 * - Outputs stay committable however long a merge takes: see `job-outputs.ts`.
 * - Inputs are read past the caches, from memory or disk where they are there: a merge reads every byte once. What had most
 *   of its inputs there goes to disk as well.
 */
import { ClorthoError, concatBytes, isClorthoError } from '@clortho/base';
import {
  type DropPlan,
  inputsOf,
  type MergeIo,
  type MergeJob,
  type MergePlan,
  type MergeResult,
  type MergeRunOptions,
  type MovePlan,
  replacementOf,
  type Work,
} from '@clortho/compaction';
import {
  allFiles,
  type FileEntry,
  lowerBound,
  type ManifestContext,
  mintToken,
  NO_FILES,
  prepareChanges,
  type ShardState,
  shortenUpper,
  swapHeads,
  type Tier,
} from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import { fileEntryOf } from '../commit/file-entry-of.ts';
import type { Tuning } from '../options.ts';
import { stateOfShard } from '../view/store-view.ts';
import { VanishedFile } from '../view/stored-files.ts';
import type { Tables } from '../view/tables.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import type { ByteRate } from './byte-rate.ts';
import { JobOutputs } from './job-outputs.ts';

/** Executes merges, on this thread or in a pool. */
export type MergeRunner = (job: MergeJob, io: MergeIo, options: MergeRunOptions) => Promise<MergeResult>;

/** What a job needs. */
export interface JobContext {
  readonly manifest: ManifestContext;
  readonly keeper: ViewKeeper;
  readonly tables: Tables;
  readonly run: MergeRunner;
  readonly rate: ByteRate;
  readonly tuning: Tuning;
}

/** What a job came to; `undefined` where another process was faster. */
export interface JobResult {
  /** Its inputs were merged in a range of keys only. */
  readonly isPartial: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

/** How often a lost race is tried again. */
const RACES_MAX = 100;

/**
 * Merges the inputs of a plan that was made of `planned` and commits the outputs. Returns `undefined` if another process
 * was faster.
 */
export async function runMerge(
  context: JobContext,
  planned: ShardState,
  family: Family,
  plan: MergePlan,
  options: MergeRunOptions & { readonly signal: AbortSignal },
): Promise<JobResult | undefined> {
  const { manifest, tuning, run, rate } = context;
  const { signal } = options;
  const { shard } = planned.head;
  const outputs = new JobOutputs(manifest, () => gcFloorOf(context, shard));
  let bytesRead = 0;
  let bytesNear = 0;
  const io: MergeIo = {
    open: (file) => ({
      read: async (offset, length, until) => {
        await rate.spend(length, until ?? signal);
        const { bytes, isNear } = await context.tables.readOnce(file, offset, length, until ?? signal);
        bytesRead += bytes.length;
        if (isNear) bytesNear += bytes.length;
        return bytes;
      },
    }),
    emit: async ({ chunks, file, summary }) => {
      const { tier, level, run: age } = file;
      const bounds = { lower: lowerBound(file.lower), upper: file.upper && shortenUpper(file.upper) };
      const place = { family: family.record.number, tier, level, run: age, uniform: file.uniform };
      await rate.spend(summary.bytes, signal);
      const bytes = joined(chunks);
      const entry = await outputs.add(
        bytes,
        (id) => ({ ...fileEntryOf(summary, { ...place, id }), ...bounds }),
        signal,
      );
      // The output takes the room that its inputs leave, if they were there. Reads of the newest state want no history.
      const isKept = tier !== 'history' && 2 * bytesNear >= bytesRead;
      if (isKept) context.tables.keep(entry, bytes);
      return isKept || manifest.objects.releasesBytes !== true ? [] : [bytes];
    },
  };
  const job: MergeJob = {
    plan,
    operator: family.operatorReference,
    filter: family.filterReference,
    ttlMicros: family.record.ttlMs === 0 ? undefined : family.record.ttlMs * 1000,
    collectors: family.collectorReferences,
    writer: { codec: family.record.codec, blockBytes: tuning.blockBytes },
    targetFileBytes: tuning.fileBytes,
    salt: manifest.random.uint32(),
  };
  // What could not be written again is tried again when the floor rises once more, or when it is committed.
  const stopRenewing = context.keeper.onChange(() => void outputs.renew(signal).catch(() => undefined));
  try {
    const result = await run(job, io, options);
    if (!(await commitPlan(context, planned, family, plan, outputs, signal))) return undefined;
    return {
      isPartial: plan.range !== undefined,
      bytesRead,
      bytesWritten: result.bytesWritten,
      rowsRead: result.rowsRead,
      rowsWritten: result.rowsWritten,
    };
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_CORRUPT')) context.tables.distrust(inputsOf(plan));
    if (!(error instanceof VanishedFile)) throw error;
    await context.keeper.refresh();
    if (isLiveIn(context, shard, error.file)) throw error;
    return undefined;
  } finally {
    stopRenewing();
  }
}

/** Returns the bytes of a file; those that come from another thread are in one piece already. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : concatBytes(chunks);
}

/** Removes or moves files without reading them. Returns whether they were still where they had been. */
export function changeFiles(
  context: JobContext,
  planned: ShardState,
  family: Family,
  plan: DropPlan | MovePlan,
): Promise<boolean> {
  return commitPlan(context, planned, family, plan, undefined);
}

/** Puts the outputs in place of what the plan takes away, as long as it is valid. Returns whether it was. */
async function commitPlan(
  context: JobContext,
  planned: ShardState,
  { record }: Family,
  plan: Work,
  outputs: JobOutputs | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const { manifest, keeper } = context;
  const tiers = tiersOf(plan);
  const before = filesIn(planned, record.number, tiers.keys());
  for (let race = 0; race < RACES_MAX; race += 1) {
    const state = stateOfShard(keeper.view, planned.head.shard);
    if (state === undefined) return false;
    const replacement = replacementOf(plan, before, filesIn(state, record.number, tiers.keys()));
    if (replacement === undefined) return false;
    const removed = [...tiers].flatMap(([tier, ids]) =>
      [...ids].map((id) => ({ id, family: record.number, tier })),
    );
    const token = mintToken(manifest.random);
    const added = (await outputs?.above(state.head.gcFloor, signal)) ?? [];
    const edit = { token, timestamp: 0, added: [...added, ...replacement.left], removed };
    const prepared = await prepareChanges(manifest, [{ state, edit }]);
    if (prepared !== undefined && (await swapHeads(manifest, prepared)) === 'applied') {
      keeper.publish(prepared.map(({ next }) => next));
      return true;
    }
    await keeper.refresh();
  }
  throw new ClorthoError('CLORTHO_CONFLICT', `a compaction lost ${RACES_MAX} races in a row`);
}

/**
 * Returns the ids of the inputs by tier, with Current for what goes into base, even if no input is from there: others may
 * write to it.
 */
function tiersOf(plan: Work): Map<Tier, Set<string>> {
  const tiers = new Map<Tier, Set<string>>();
  if (plan.kind === 'move' || (plan.kind === 'merge' && plan.output === 'base'))
    tiers.set('current', new Set());
  for (const { id, tier } of inputsOf(plan)) {
    const ids = tiers.get(tier);
    if (ids === undefined) tiers.set(tier, new Set([id]));
    else ids.add(id);
  }
  return tiers;
}

/** Looks only where the files stand, so that a merge within delta costs nothing for what lies below it. */
function filesIn({ files }: ShardState, family: number, tiers: Iterable<Tier>): FileEntry[] {
  const tree = files.get(family) ?? NO_FILES;
  return [...tiers].flatMap((tier) => tree[tier]);
}

function gcFloorOf({ keeper }: JobContext, shard: number): string {
  return stateOfShard(keeper.view, shard)?.head.gcFloor ?? '';
}

function isLiveIn({ keeper }: JobContext, shard: number, id: string): boolean {
  const state = stateOfShard(keeper.view, shard);
  if (state !== undefined) for (const file of allFiles(state.files)) if (file.id === id) return true;
  return false;
}
