/** A process that does nothing but merge: files in, files out, by a worker of the compaction pool. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type CompactionFile, compactionPool, type MergePlan, type MergeTarget } from '@clortho/compaction';
import { type CodecName, fileSource } from '@clortho/sst';
import { beSubject } from '../workload/subject.ts';
import { inputPath, planOf } from './input-files.ts';
import { ROW_BYTES } from './merge-rows.ts';

/** What it merges. */
export interface MergeSetup {
  readonly folder: string;
  readonly codec: CodecName;
  readonly target: MergeTarget;
  readonly inputs: readonly CompactionFile[];
}

/** What a round came to. */
export interface MergeRound {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** How much more memory the process had at most, up to now, than before it began to merge. */
  readonly memoryBytes: number;
}

const CHUNKS_PER_WRITE = 256;

await beSubject(async (given) => {
  const { folder, codec, target, inputs } = given as MergeSetup;
  const plan = planOf(inputs, target);
  const handles = new Map<string, FileHandle>();
  for (const { id } of plan.inputs) handles.set(id, await open(inputPath(folder, id)));
  const atRest = process.memoryUsage.rss();
  const pool = compactionPool({ threads: 1 });
  return {
    round: () => measure(() => merge(pool, plan, { folder, codec, target }, handles), atRest),
    async end() {
      await pool.close();
      await Promise.all([...handles.values()].map((handle) => handle.close()));
    },
  };
});

async function merge(
  pool: ReturnType<typeof compactionPool>,
  plan: MergePlan,
  { folder, codec, target }: Omit<MergeSetup, 'inputs'>,
  handles: ReadonlyMap<string, FileHandle>,
): Promise<number> {
  const result = await pool.run(
    { plan, writer: { codec } },
    {
      open: ({ id }) => fileSource(handles.get(id) as FileHandle),
      emit: ({ chunks, ordinal }) => writeChunks(join(folder, `${codec}-${target}-${ordinal}.out`), chunks),
    },
  );
  return result.rowsWritten;
}

/** Writes the chunks as they are, since one array of all would be the host's memory, and gives them back. */
async function writeChunks(path: string, chunks: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const handle = await open(path, 'w');
  try {
    for (let at = 0; at < chunks.length; at += CHUNKS_PER_WRITE)
      await handle.writev(chunks.slice(at, at + CHUNKS_PER_WRITE));
  } finally {
    await handle.close();
  }
  return chunks;
}

async function measure(work: () => Promise<number>, atRest: number): Promise<MergeRound> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const rows = await work();
  const { user, system } = process.cpuUsage(cpu);
  return {
    rows,
    bytes: rows * ROW_BYTES,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
    memoryBytes: process.resourceUsage().maxRSS * 1024 - atRest,
  };
}
