import { encodeUtf8 } from '@clortho/base';
import { expect, it } from 'vitest';
import { encodeHead, encodeSegment } from '../src/codec.ts';
import { initialHead } from '../src/head.ts';
import type { ManifestContext } from '../src/manifest-context.ts';
import { type Segment, segmentKey, segmentSize } from '../src/segment.ts';
import { allFiles } from '../src/shard-files.ts';
import { headKey, loadState, type ShardState } from '../src/shard-state.ts';
import { editOf, entryOf, STORE } from './support/entries.ts';
import { commit, memoryContext } from './support/store.ts';

const FILES = 100_000;
const FEW = 1000;
const COMMITS = 256;
/** CPU time varies from run to run; what grew with the number of files would be beyond 20. */
const RATIO_MAX = 6;

it('costs the same to change and a moment to load with 100,000 files', async () => {
  const context = memoryContext();
  const { objects } = context;
  const head = await createLarge(context, FILES);
  const before = process.cpuUsage();
  const loaded = await loadState(objects, { store: STORE, shard: 0 }, head, undefined);
  const { user, system } = process.cpuUsage(before);
  expect([...allFiles(loaded.files)]).toHaveLength(FILES);
  const megabytes = objects.counters.bytesGot / 2 ** 20;
  print(
    `${FILES} files: ${megabytes.toFixed(1)} MiB, loaded in ${((user + system) / 1000).toFixed(0)} ms of CPU`,
  );

  const few = async (): Promise<Costs> => {
    const other = memoryContext();
    const bytes = await createLarge(other, FEW);
    return usualCommits(other, await loadState(other.objects, { store: STORE, shard: 0 }, bytes, undefined));
  };
  await few(); // The first run pays for what the others find compiled.
  const small = await few();
  const large = await usualCommits(context, loaded);
  const ratio = large.micros / small.micros;
  print(
    `a commit takes ${large.micros.toFixed(0)} µs of CPU, ${ratio.toFixed(2)} of what it takes with ${FEW}`,
  );
  print(`it writes ${large.headBytes} bytes to the head, ${small.headBytes} with ${FEW}`);
  expect(large.headBytes).toBeLessThan(small.headBytes + 128);
  expect(large.requests).toEqual(small.requests);
  expect(large.objectBytes).toBeLessThan(small.objectBytes * 1.1);
  expect(ratio).toBeLessThan(RATIO_MAX);
}, 60_000);

/** Creates a shard whose one segment lists `files` files, and returns the bytes of its head. */
async function createLarge({ objects, registers, ids }: ManifestContext, files: number): Promise<Uint8Array> {
  const key = (number: number): Uint8Array => encodeUtf8(`account/${String(number).padStart(12, '0')}`);
  const added = Array.from({ length: files }, (_, number) =>
    entryOf(number, { tier: 'current', lower: key(number), upper: key(number + 1) }),
  );
  const base: Segment = { from: 0, to: 1, added, removed: [], tokens: ['created'] };
  const id = ids.mint();
  await objects.put(segmentKey(id), encodeSegment(STORE, 0, base));
  const segments = [{ id, from: 0, to: 1, size: segmentSize(base) }];
  const head = encodeHead({ ...initialHead(STORE, 0, 'created'), segments, tail: [] });
  await registers.compareAndSwap([{ key: headKey(0), expect: 0, value: head }]);
  return head;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What commits of one file each cost on average, and the requests of all of them. */
interface Costs {
  readonly micros: number;
  readonly headBytes: number;
  readonly objectBytes: number;
  readonly requests: Readonly<Record<'puts' | 'gets' | 'swaps' | 'reads', number>>;
}

/** Commits one file at a time. */
async function usualCommits(context: ManifestContext, state: ShardState): Promise<Costs> {
  const { registers, objects } = context;
  let last = await commit(context, state, editOf(1_000_000, []));
  while (last.head.tail.length > 1) last = await commit(context, last, editOf(1_000_000, []));
  const before = { ...objects.counters, ...registers.counters };
  const cpu = process.cpuUsage();
  for (let step = 0; step < COMMITS; step += 1) {
    last = await commit(context, last, editOf(2_000_000 + step, [entryOf(FILES + last.head.version)]));
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    micros: (user + system) / COMMITS,
    headBytes: Math.round((registers.counters.bytesWritten - before.bytesWritten) / COMMITS),
    objectBytes: (objects.counters.bytesPut - before.bytesPut) / COMMITS,
    requests: {
      puts: objects.counters.puts - before.puts,
      gets: objects.counters.gets - before.gets,
      swaps: registers.counters.swaps - before.swaps,
      reads: registers.counters.reads - before.reads,
    },
  };
}
