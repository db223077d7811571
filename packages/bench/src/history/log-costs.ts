/** What a log family costs: rows are appended for simulated hours, and expire by whole files. */
import { seededRandom } from '@clortho/base';
import { open, type Store } from '@clortho/engine';
import { memoryObjectStore } from '@clortho/object-store';
import type { Figure } from '../report/figure.ts';
import type { Progress } from '../report/progress.ts';
import { KEY_BYTES, keyOf, VALUE_BYTES, valueOf } from '../workload/rows.ts';
import { settle } from '../workload/settle.ts';
import { watchedObjects } from '../workload/watched-objects.ts';

const ROWS_PER_COMMIT = 500;
const HOURS = 12;
const HOUR_MICROS = 3_600_000_000;
const FIRST_TIMESTAMP = 1.7e15 + 1_234_567_890;
const WINDOW_MS = 3_600_000;
const RETAIN_MS = 4 * 3_600_000;

/** Appends `rows` rows to a log of this codec. Without compression there is no bar: what is written twice shows as it is. */
export async function logFigures(
  seed: number,
  rows: number,
  codec: 'lz4' | 'none',
  progress: Progress,
): Promise<Figure[]> {
  const { objects, watched, forget } = watchedObjects(memoryObjectStore());
  const log = { windowMs: WINDOW_MS, retainMs: RETAIN_MS };
  const store = await open('memory:', {
    time: 'external',
    objects,
    families: { log: { kind: 'log', codec, log } },
  });
  const random = seededRandom(seed);
  const commits = Math.ceil(rows / ROWS_PER_COMMIT);
  const step = Math.floor((HOURS * HOUR_MICROS) / commits);
  for (let commit = 0; commit < commits; commit += 1) {
    progress.update(commit, commits);
    const operations = Array.from({ length: ROWS_PER_COMMIT }, (_, row) => ({
      type: 'put' as const,
      family: 'log',
      key: keyOf(commit * ROWS_PER_COMMIT + row),
      value: valueOf(random),
    }));
    await store.write(operations, { timestamp: FIRST_TIMESTAMP + commit * step });
  }
  await settle(store);
  const userBytes = commits * ROWS_PER_COMMIT * (KEY_BYTES + VALUE_BYTES);
  const { bytesPut } = watched();
  const { runs, rows: kept } = await deltaOf(store);
  forget();
  const end = FIRST_TIMESTAMP + (HOURS + (2 * RETAIN_MS) / 3_600_000) * HOUR_MICROS;
  await store.write([{ type: 'put', family: 'log', key: 'last', value: 'one' }], { timestamp: end });
  const ownBytes = watched().bytesPut;
  await settle(store);
  const after = await deltaOf(store);
  const rewritten = watched().bytesPut - ownBytes;
  await store.close();
  return [
    {
      name: 'written in all, per byte of the user',
      value: bytesPut / userBytes,
      unit: '',
      bar: codec === 'lz4' ? { most: 2 } : undefined,
    },
    { name: 'runs of the four hours that are kept', value: runs, unit: '' },
    { name: '… rows', value: kept, unit: '' },
    {
      name: 'rows after all have expired but the last',
      value: after.rows,
      unit: '',
      bar: { exactly: 1 },
      atAnySize: true,
    },
    { name: '… bytes rewritten for that', value: rewritten, unit: 'B', bar: { exactly: 0 }, atAnySize: true },
  ];
}

async function deltaOf(store: Store): Promise<{ runs: number; rows: number }> {
  const { shards } = await store.stats();
  const family = shards[0]?.families.find(({ family }) => family === 'log');
  return { runs: family?.delta.runs ?? 0, rows: family?.delta.rows ?? 0 };
}
