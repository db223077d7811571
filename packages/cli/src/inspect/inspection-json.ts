/** An inspected SST as one JSON document: what `renderSst` shows, with keys and unknown statistics as hexadecimal. */
import type { ClorthoError } from '@clortho/base';
import type { BlockFacts, SstPart } from '@clortho/sst';
import { jsonText } from '../output/stats-json.ts';
import {
  type CollectorInspection,
  type SstContents,
  type SstInspection,
  storedStatistic,
} from './inspect-sst.ts';
import type { SstVerdict } from './verify-sst.ts';
import type { SstFile } from './with-sst-file.ts';

/** Returns the document. */
export function inspectionJson(inspection: SstInspection, verdict: SstVerdict): string {
  const { layout, summary, contents, damage: _, ...file } = inspection;
  const { version, features, codecs, salt, partitions, parts } = layout;
  const { statistics: __, ...facts } = summary ?? { statistics: undefined };
  return jsonText({
    ...file,
    version,
    features,
    codecs,
    salt,
    partitions,
    sections: parts.map(partJson),
    summary: summary === undefined ? undefined : facts,
    ...(contents === undefined ? {} : contentsJson(contents, summary?.rows ?? 0)),
    verification: verdictJson(verdict),
  });
}

/** Returns the document of a file of which not even the footer can be read. */
export function unreadableJson({ name, size }: SstFile, error: ClorthoError): string {
  const verification = verdictJson({ state: 'damaged', damage: [error] });
  return jsonText({ name, bytes: size, verification });
}

function partJson({ damage, ...part }: SstPart): unknown {
  return { ...part, damage: damage && errorJson(damage) };
}

function contentsJson(contents: SstContents, rows: number): Readonly<Record<string, unknown>> {
  const { blocks, columns, filter, collectors, rangeDeletes } = contents;
  const { damage, columns: totals, ...sums } = columns;
  return {
    ...sums,
    columns: totals,
    filter,
    statistics: collectors.map((collector) => ({
      name: collector.name,
      version: collector.version,
      kind: collector.kind?.name,
      value: statisticJson(collector, collector.bytes, rows),
    })),
    rangeDeletes,
    blocks: blocks.map((block) => ({
      ...block,
      damage: errorJson(damage.get(block.ordinal)),
      statistics: blockStatistics(block, collectors),
    })),
  };
}

function blockStatistics(
  block: BlockFacts,
  collectors: readonly CollectorInspection[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    collectors.map((collector) => {
      const bytes = storedStatistic(block, collector.name);
      return [collector.name, statisticJson(collector, bytes, block.rows)];
    }),
  );
}

function statisticJson({ kind }: CollectorInspection, bytes: Uint8Array, rows: number): unknown {
  if (bytes.length === 0) return undefined;
  return kind === undefined ? bytes : kind.read(bytes, rows)?.value;
}

function verdictJson({ state, damage }: SstVerdict): unknown {
  return { state, damage: damage.map(errorJson) };
}

function errorJson(error: ClorthoError | undefined): unknown {
  return error && { code: error.code, message: error.message };
}
