/** Everything that an SST tells about itself. */
import { type BlockFacts, Sst, type SstSummary } from '@clortho/sst';
import type { SstFile } from './open-sst-file.ts';
import { type SstSection, sstSections } from './sst-sections.ts';

/** An SST as `inspect sst` shows it. */
export interface SstInspection {
  readonly name: string;
  readonly family: string | undefined;
  readonly tier: string | undefined;
  readonly level: number | undefined;
  /** The timestamp of all rows where the file stores none; 0 if the manifest that knows it is not at hand. */
  readonly uniformTimestamp: number | undefined;
  readonly summary: SstSummary;
  readonly sections: readonly SstSection[];
  readonly blocks: readonly Omit<BlockFacts, 'statistics'>[];
}

/**
 * Returns what the file tells.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
 */
export function inspectSst({ name, bytes, entry, family }: SstFile): SstInspection {
  // The timestamp counts only in files that store none.
  const sst = Sst.openBytes(bytes, { name, timestamp: entry?.run ?? 0 });
  return {
    name,
    family,
    tier: entry?.tier,
    level: entry?.level,
    uniformTimestamp: entry?.uniform === true ? entry.run : undefined,
    summary: sst.summary,
    sections: sstSections(bytes),
    blocks: sst.blockTable().map(({ statistics: _, ...block }) => block),
  };
}
