/** What history costs: each function measures one promise on a loaded store. */
import { systemClock } from '@clortho/base';
import { open, type Store } from '@clortho/engine';
import type { Bar, Figure } from '../report/figure.ts';
import { keyOf } from '../workload/rows.ts';
import { settle } from '../workload/settle.ts';
import type { Loaded } from './load.ts';
import { livesSince, writeLives } from './sorted-writes.ts';
import type { Timeline } from './timeline.ts';

type FileEntry = Awaited<ReturnType<Store['stats']>>['shards'][number]['families'][number]['entries'][number];

const MINUTE_MICROS = 60_000_000;
const POINT_READS = 1000;

/** Bytes written per byte of the user, by tier, and the same of the twin's base. */
export function writeFigures(timeline: Timeline, { tiers, twin, unseenBytes }: Loaded): Figure[] {
  const { userBytes } = timeline;
  const { delta, history } = tiers.written;
  // What was not seen in any tier is taken to be of Current: the bar is judged against the most it can be.
  const current = tiers.written.current + unseenBytes;
  const base = twin.facts.bytesWritten;
  const all = tiers.levelZeroBytes + delta + current + history;
  const perByte = (bytes: number): number => bytes / userBytes;
  return [
    { name: 'written to Current, per byte of the user', value: perByte(current), unit: '' },
    { name: 'written to one base of all versions', value: perByte(base), unit: '' },
    { name: 'Current, of that', value: (100 * current) / base, unit: '%', bar: { most: 20 } },
    { name: 'written to History, per byte of the user', value: perByte(history), unit: '' },
    { name: 'written to delta by merges', value: perByte(delta), unit: '' },
    { name: 'written by commits', value: perByte(tiers.levelZeroBytes), unit: '' },
    { name: 'written in all', value: perByte(all), unit: '' },
    { name: 'written in all with one base', value: perByte(all - current - history + base), unit: '' },
    {
      name: 'written by merges and not seen by tier, counted as Current',
      value: perByte(unseenBytes),
      unit: '',
    },
  ];
}

/** What a cold handle reads for a scan of the latest state, and what it would read of the twin's base. */
export async function scanFigures(timeline: Timeline, loaded: Loaded): Promise<Figure[]> {
  const store = await cold(loaded);
  let rows = 0;
  for await (const _ of store.scan()) rows += 1;
  if (rows !== timeline.keys) throw new Error(`a scan missed rows: rows=${rows} keys=${timeline.keys}`);
  const bytes = sum([...loaded.watched.watched().read.values()]);
  await store.close();
  const { facts } = loaded.twin;
  return [
    { name: 'bytes read by a scan of the latest state', value: bytes / 1e6, unit: 'MB' },
    { name: 'bytes of a base of all versions', value: facts.bytes / 1e6, unit: 'MB' },
    { name: 'read, of that', value: (100 * bytes) / facts.bytes, unit: '%', bar: { most: 10 } },
  ];
}

/** Which files of History a cold handle opens to read as of one minute ago, by a scan and by single keys. */
export async function recentFigures(timeline: Timeline, loaded: Loaded): Promise<Figure[]> {
  const asOf = loaded.lastCommit - MINUTE_MICROS;
  const store = await cold(loaded);
  const history = await filesOf(store, 'history');
  let rows = 0;
  for await (const _ of store.scan({ asOf })) rows += 1;
  for (let read = 0; read < POINT_READS; read += 1)
    await store.get(keyOf((read * 7919) % timeline.keys), { asOf });
  const { read } = loaded.watched.watched();
  await store.close();
  const opened = history.filter(({ id }) => read.has(`sst/${id}.sst`));
  const older = opened.filter(({ maxEndTimestamp }) => maxEndTimestamp <= asOf);
  const bytes = sum(opened.map(({ id }) => read.get(`sst/${id}.sst`) ?? 0));
  return [
    { name: 'rows of the scan as of a minute ago', value: rows, unit: '' },
    { name: 'files of History', value: history.length, unit: '' },
    { name: '… opened', value: opened.length, unit: '' },
    {
      name: '… opened, in buckets that ended before',
      value: older.length,
      unit: '',
      bar: { exactly: 0 },
      atAnySize: true,
    },
    {
      name: 'bytes read of History',
      value: (100 * bytes) / sum(history.map((file) => file.bytes)),
      unit: '%',
    },
  ];
}

/** What it takes to truncate half of the history. */
export async function truncateFigures({ store, watched, horizon, lastCommit }: Loaded): Promise<Figure[]> {
  const middle = Math.floor((horizon + lastCommit) / 2);
  const before = await filesOf(store, 'history');
  watched.forget();
  const began = systemClock.monotonic();
  const { filesDropped, bytesFreed, objectsDeleted } = await store.truncateHistory(middle);
  const took = systemClock.monotonic() - began;
  const { deleteMs } = watched.watched();
  await settle(store);
  const done = watched.watched();
  return [
    { name: 'files of History before', value: before.length, unit: '' },
    { name: '… dropped', value: filesDropped, unit: '' },
    { name: '… of the bytes', value: (100 * bytesFreed) / sum(before.map(({ bytes }) => bytes)), unit: '%' },
    {
      name: 'objects deleted at once, per file dropped',
      value: objectsDeleted / Math.max(1, filesDropped),
      unit: '',
      bar: { exactly: 1 },
    },
    {
      name: 'bytes rewritten, then and after',
      value: done.bytesPut,
      unit: 'B',
      bar: { exactly: 0 },
      atAnySize: true,
    },
    {
      name: 'time without the deletes',
      value: took - deleteMs,
      unit: 'ms',
      bar: { most: 50 },
      atAnySize: true,
    },
  ];
}

/** What the base takes, compared with files of exactly the versions that can be read. */
export async function spaceFigure(
  timeline: Timeline,
  { store }: Loaded,
  when: string,
  bar: Bar | undefined,
): Promise<Figure[]> {
  const [family] = (await store.stats()).shards[0]?.families ?? [];
  if (family === undefined) throw new Error('the store has no family');
  const lives = livesSince(timeline, timeline.commits, family.horizon);
  const live = lives.filter(({ end }) => end === Number.MAX_SAFE_INTEGER);
  const retained = lives.filter(({ end }) => end !== Number.MAX_SAFE_INTEGER);
  const exact = [live, retained].map((part) => writeLives(timeline, part, { codec: 'lz4' }).finish().bytes);
  const bytes = family.delta.bytes + family.current.bytes + family.history.bytes;
  const rows = family.current.rows + family.history.rows;
  return [
    { name: `versions to be kept, ${when}`, value: lives.length, unit: '' },
    { name: '… versions in the store', value: rows, unit: '' },
    { name: '… bytes, of exactly those versions', value: bytes / sum(exact), unit: '×', bar },
  ];
}

/** Opens the store anew: nothing is in memory, and what it reads is counted from here on. */
async function cold({ url, watched }: Loaded): Promise<Store> {
  const store = await open(url, { objects: watched.objects, compaction: 'manual' });
  watched.forget();
  return store;
}

async function filesOf(store: Store, tier: FileEntry['tier']): Promise<FileEntry[]> {
  const { shards } = await store.stats();
  return shards.flatMap(({ families }) =>
    families.flatMap(({ entries }) => entries.filter((file) => file.tier === tier)),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
