import { encodeUtf8 } from '@clortho/base';
import { expect, it } from 'vitest';
import { encodeHead, encodeSegment } from '../src/codec.ts';
import { initialHead } from '../src/head.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { type Segment, segmentKey, segmentSize } from '../src/segment.ts';
import { allFiles } from '../src/shard-files.ts';
import { headKey, loadState, type ShardState } from '../src/shard-state.ts';
import { editOf, entryOf, STORE } from './support/entries.ts';
import { commit, createShards, memoryContext } from './support/store.ts';

const FILES = 100_000;
const COMMITS = 64;

it('costs the same to change and a moment to load with 100,000 files', async () => {
  const context = memoryContext();
  const key = (number: number): Uint8Array => encodeUtf8(`account/${String(number).padStart(12, '0')}`);
  const added = Array.from({ length: FILES }, (_, number) =>
    entryOf(number, { tier: 'current', lower: key(number), upper: key(number + 1) }),
  );
  const base: Segment = { from: 0, to: 1, added, removed: [], tokens: ['created'] };
  const id = context.ids.mint();
  await context.objects.put(segmentKey(id), encodeSegment(STORE, 0, base));
  const segments = [{ id, from: 0, to: 1, size: segmentSize(base) }];
  const head = encodeHead({ ...initialHead(STORE, 0, 'created'), segments, tail: [] });
  await context.registers.compareAndSwap([{ key: headKey(0), expect: 0, value: head }]);

  const { objects } = context;
  const start = performance.now();
  const loaded = await loadState(objects, { store: STORE, shard: 0 }, head, undefined);
  const elapsedMs = performance.now() - start;
  expect([...allFiles(loaded.files)]).toHaveLength(FILES);
  const megabytes = objects.counters.bytesGot / 2 ** 20;
  print(`${FILES} files: ${megabytes.toFixed(1)} MiB, loaded in ${elapsedMs.toFixed(0)} ms`);

  const large = await usualCommits(context, loaded);
  const fresh = memoryContext();
  const empty = await usualCommits(fresh, (await createShards(fresh.registers))[0] as ShardState);
  print(`a commit writes ${large.headBytes} bytes to the head, ${empty.headBytes} to that of a new shard`);
  expect(large.headBytes).toBeLessThan(empty.headBytes + 512);
  expect(large.puts).toBe(empty.puts);
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Commits one file at a time and returns the mean size of the head, and how many segments were written. */
async function usualCommits(
  context: ManifestContext,
  state: ShardState,
): Promise<{ readonly headBytes: number; readonly puts: number }> {
  const { registers, objects } = context;
  let last = await commit(context, state, editOf(1_000_000, []));
  while (last.head.tail.length > 1) last = await commit(context, last, editOf(1_000_000, []));
  const before = { bytes: registers.counters.bytesWritten, puts: objects.counters.puts };
  for (let step = 0; step < COMMITS; step += 1) {
    last = await commit(context, last, editOf(2_000_000 + step, [entryOf(FILES + last.head.version)]));
  }
  const headBytes = Math.round((registers.counters.bytesWritten - before.bytes) / COMMITS);
  return { headBytes, puts: objects.counters.puts - before.puts };
}
