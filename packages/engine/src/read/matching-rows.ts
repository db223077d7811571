/**
 * The rows of a chunk that a predicate takes, as they are in the store.
 *
 * Invariants:
 * - A row is returned only if it is the version that a point lookup at the same time finds: a skipped block or file
 *   never makes an older version reappear.
 */
import type { Resolved } from '@clortho/compaction';
import type { FileEntry } from '@clortho/manifest';
import type { Prune, ScanRow } from '../api.ts';
import { holdsKey } from './file-bounds.ts';
import { Lookup, type LookupTarget } from './lookup.ts';
import { runLookup } from './run-lookup.ts';
import { chunkOf, type ScanChunk } from './scan-chunk.ts';
import { valueOf } from './value-of.ts';

/** What is known of the rows. */
export interface MatchOptions {
  readonly prune: Prune;
  readonly target: LookupTarget;
  /** Delta files of which all or some rows may have been skipped. */
  readonly hidden: readonly FileEntry[];
  /** Rows whose value was folded from operands. */
  readonly folded: ReadonlySet<number>;
  /** So many rows at most; the others are not asked about. */
  readonly limit: number;
}

/** Returns the rows that match as a chunk of their own; `undefined` if none does. */
export async function matchingRows(
  chunk: ScanChunk,
  { prune, target, hidden, folded, limit }: MatchOptions,
): Promise<ScanChunk | undefined> {
  const rows: ScanRow[] = [];
  for (let index = 0; index < chunk.length && rows.length < limit; index += 1) {
    const row = chunk.row(index);
    const isFolded = folded.has(index);
    if (!isFolded && !prune.where(row)) continue;
    const mayBeHidden = hidden.some((file) => file.maxTimestamp > row.timestamp && holdsKey(file, row.key));
    if (!mayBeHidden && !isFolded) {
      rows.push(row);
      continue;
    }
    const found = await lookUp(target, row.key);
    // An operand was folded onto what the predicate let through; only a full lookup knows its true value.
    if (found === undefined) continue;
    if (isFolded ? prune.where(found) : found.timestamp === row.timestamp) rows.push(found);
  }
  return rows.length === 0 ? undefined : chunkOf(rows);
}

function lookUp(target: LookupTarget, key: Uint8Array): Promise<ScanRow | undefined> {
  const use = (resolved: Resolved): ScanRow => {
    return { key, value: valueOf(resolved), timestamp: resolved.timestamp };
  };
  return runLookup(new Lookup(), target, key, use);
}
