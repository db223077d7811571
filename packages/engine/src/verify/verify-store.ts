/**
 * Reads everything again that a store references, and tells all that is wrong.
 *
 *     registers, checkpoints, pins ─► every file against itself and its entries ─► files against each other ─► orphans
 *
 * Invariants:
 * - Nothing is written, and nothing of what is cached is believed.
 * - Others may go on writing, compacting and collecting: what is gone by the time it is read is a finding only if it is
 *   still referenced then.
 */
import { throwIfAborted } from '@clortho/base';
import { type FileEntry, NO_FILES, type ShardState } from '@clortho/manifest';
import type { Catalog } from '../catalog/catalog.ts';
import type { Tables } from '../view/tables.ts';
import { type ListedFile, type References, type ReferencesContext, readReferences } from './references.ts';
import { type FileContext, type VerifiedFile, verifyFile } from './verify-file.ts';
import type { VerifyFinding, VerifyOptions, VerifyReport } from './verify-report.ts';
import { misplacedFiles } from './verify-tiers.ts';

/** What verifying needs. */
export interface VerifyContext extends ReferencesContext {
  /** Empty ones, so that what is looked up is read. */
  readonly tables: Tables;
}

/** Verifies a store; see {@link Store.verify}. */
export async function verifyStore(
  context: VerifyContext,
  { signal, onProgress }: VerifyOptions,
): Promise<VerifyReport> {
  const { manifest, catalog } = context;
  const references = await readReferences(context, signal);
  const findings = [...references.findings];
  const bytesTotal = sum([...references.files.values()].map(([first]) => first?.entry.bytes ?? 0));
  const fileContext: FileContext = {
    objects: manifest.objects,
    tables: context.tables,
    view: context.keeper.view,
    family: (number) => catalog.byNumber(number),
  };
  const shown = new Map<FileEntry, readonly [Uint8Array, Uint8Array]>();
  const missing: [id: string, VerifiedFile][] = [];
  let [rows, bytes] = [0, 0];
  for (const [id, [first, ...others]] of references.files) {
    throwIfAborted(signal);
    if (first === undefined) continue;
    const file = await verifyFile(fileContext, [first, ...others], signal);
    rows += file.rows;
    bytes += first.entry.bytes;
    if (file.isMissing) missing.push([id, file]);
    else findings.push(...file.findings);
    noteShown(shown, [first, ...others], file);
    onProgress?.({ bytes, bytesTotal, findings: findings.length });
  }
  if (missing.length > 0) findings.push(...(await stillMissing(context, missing, signal)));
  for (const state of references.states) findings.push(...misplacedIn(state, catalog, shown));
  const orphans = await findOrphans(context, references, signal);
  const { registers, checkpoints, pins, files } = references;
  return { findings, registers, checkpoints, pins, files: files.size, rows, bytes, orphans };
}

/** Takes note of the keys that a file shows, if it is listed once: parts of a file show different ones. */
function noteShown(
  shown: Map<FileEntry, readonly [Uint8Array, Uint8Array]>,
  listed: readonly ListedFile[],
  { problems }: VerifiedFile,
): void {
  const { firstKey, lastKey } = problems ?? {};
  const [one, another] = listed.filter(({ isLive }) => isLive);
  if (firstKey === undefined || lastKey === undefined || one === undefined || another !== undefined) return;
  shown.set(one.entry, [firstKey, lastKey]);
}

/** Returns the findings of files that are gone and still referenced: others have replaced the rest. */
async function stillMissing(
  context: VerifyContext,
  missing: readonly (readonly [id: string, VerifiedFile])[],
  signal: AbortSignal | undefined,
): Promise<readonly VerifyFinding[]> {
  const { files } = await readReferences(context, signal);
  return missing.flatMap(([id, { findings }]) => (files.has(id) ? findings : []));
}

function* misplacedIn(
  { head, files }: ShardState,
  catalog: Catalog,
  shown: ReadonlyMap<FileEntry, readonly [Uint8Array, Uint8Array]>,
): Generator<VerifyFinding> {
  const { shard } = head;
  for (const number of files.keys()) {
    const family = catalog.byNumber(number)?.record.name;
    for (const { at, message } of misplacedFiles(files.get(number) ?? NO_FILES, shown))
      yield { problem: 'order', at, shard, family, message };
  }
}

async function findOrphans(
  { manifest }: VerifyContext,
  { objects }: References,
  signal: AbortSignal | undefined,
): Promise<VerifyReport['orphans']> {
  const orphans: { readonly key: string; readonly bytes: number }[] = [];
  for (const prefix of ['sst/', 'checkpoint/', 'pin/']) {
    for await (const { key, bytes } of manifest.objects.list(prefix, { signal }))
      if (!objects.has(key)) orphans.push({ key, bytes });
  }
  return orphans;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
