/**
 * Reading an export into a store, in batches of bounded size.
 *
 * Invariants:
 * - Rows get the timestamps of the commits that write them: an export has one version per key, in the order of keys.
 */
import { ClorthoError } from '@clortho/base';
import type { FamilyRecord, Operation, Store, TimeMode } from '@clortho/engine';
import { optionsOf } from './export-header.ts';
import { type CheckedExport, rowsOfExport } from './read-export.ts';
import type { ExportedRow } from './row-line.ts';

/** Batches end at so many bytes. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** What to import. */
export interface ImportOptions {
  /** Only this family of the export. */
  readonly family?: string | undefined;
  /** The name that it gets in the store; its own by default. */
  readonly into?: string | undefined;
  /** Rows per commit at most. */
  readonly batchRows: number;
  /** With external time, of the first commit; each later one is a microsecond later. The moment of the export by default. */
  readonly timestamp?: number | undefined;
  /** Hears how many rows have been written. */
  readonly onProgress: (rows: number) => void;
}

/**
 * Returns the families of an export that are to be imported.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the export does not have them, or several shall become one.
 */
export function wantedFamilies(
  from: CheckedExport,
  { family, into }: Pick<ImportOptions, 'family' | 'into'>,
): readonly FamilyRecord[] {
  const wanted = from.header.families.filter(({ name }) => family === undefined || name === family);
  if (wanted.length === 0) throw noSuchFamily(from, family);
  if (into === undefined || wanted.length === 1) return wanted;
  throw new ClorthoError('CLORTHO_INVALID', 'several families cannot go into one, name one with --family');
}

/**
 * Writes the rows of an export, and returns how many.
 *
 * @throws {ClorthoError} as {@link wantedFamilies}; what `createFamily` and `write` throw. What was written before stays.
 */
export async function importRows(store: Store, from: CheckedExport, options: ImportOptions): Promise<number> {
  const wanted = wantedFamilies(from, options);
  const stats = await store.stats();
  const nameOf = (name: string): string => options.into ?? name;
  const known = new Set(stats.families.map(({ name }) => name));
  for (const record of wanted)
    if (!known.has(nameOf(record.name))) await store.createFamily(nameOf(record.name), optionsOf(record));
  const names = new Set(wanted.map(({ name }) => name));
  const batches = new Batches(store, stats.time, options.timestamp ?? from.header.asOf, options);
  for await (const row of rowsOfExport(from.path))
    if (names.has(row.family)) await batches.add({ ...row, family: nameOf(row.family) });
  return batches.finish();
}

function noSuchFamily({ path, header }: CheckedExport, family: string | undefined): ClorthoError {
  const known = header.families.map(({ name }) => name).join(', ');
  return new ClorthoError(
    'CLORTHO_INVALID',
    `the export has no such family: file=${path} family=${family} has=${known}`,
  );
}

/** Rows on their way into commits. */
class Batches {
  readonly #store: Store;
  readonly #options: ImportOptions;
  #next: number | undefined;
  #batch: Operation[] = [];
  #bytes = 0;
  #rows = 0;

  constructor(store: Store, time: TimeMode, first: number, options: ImportOptions) {
    this.#store = store;
    this.#options = options;
    this.#next = time === 'external' ? first : undefined;
  }

  async add({ family, key, value }: ExportedRow): Promise<void> {
    this.#batch.push({ type: 'put', family, key, value });
    this.#bytes += key.length + value.length;
    if (this.#batch.length >= this.#options.batchRows || this.#bytes >= BATCH_BYTES) await this.#commit();
  }

  async finish(): Promise<number> {
    if (this.#batch.length > 0) await this.#commit();
    return this.#rows;
  }

  async #commit(): Promise<void> {
    const { timestamp } = await this.#store.write(this.#batch, { timestamp: this.#next });
    if (this.#next !== undefined) this.#next = timestamp + 1;
    this.#rows += this.#batch.length;
    this.#batch = [];
    this.#bytes = 0;
    this.#options.onProgress(this.#rows);
  }
}
